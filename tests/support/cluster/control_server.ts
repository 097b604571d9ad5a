/**
 * A publisher's control socket on a real network, for real monitors.
 *
 * @module
 */

import type { CurveKeys } from "../../../lib/zmq/curve_key.ts";
import type { Frames } from "../../../lib/zmq/ports.ts";
import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { ZmqContext } from "../../../lib/zmq/io/zmq_socket.ts";
import { MAX_CONTROL_BYTES } from "../../../lib/wire/v2.ts";
import { ZapServer } from "../../../lib/zmq/zap_server.ts";
import { MemoryControl } from "../memory/memory_control.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import type { MemorySocket } from "../memory/memory_socket.ts";

/** A {@link MemoryControl} behind a ROUTER. */
export class ControlServer implements AsyncDisposable {
  readonly publisher = new MemoryControl();
  readonly url: string;
  readonly #stop = new AbortController();
  readonly #poll = new LibcPoll();
  readonly #zeromq = new ZmqContext(this.#poll);
  readonly #serving: Promise<void>;

  /** @param keys The publisher's keys. */
  constructor({ secretKey }: CurveKeys) {
    const zap = new ZapServer({
      socket: this.#zeromq.zap(),
      judge: () => ({ isAdmitted: true }),
      clock: new SystemClock(),
      log: new MemoryLog(),
    });
    const socket = this.#zeromq.router("tcp://127.0.0.1:*", {
      maxMessageBytes: MAX_CONTROL_BYTES,
      security: { secretKey, zapDomain: "test" },
    });
    this.url = socket.endpoint;
    const peers = new Map<string, MemorySocket>();
    const serve = async () => {
      while (true) {
        const [peer, ...message] = await socket.receive(this.#stop.signal);
        if (peer === undefined) continue;
        const name = peer.toHex();
        const connection = peers.get(name) ??
          this.publisher.connect() as MemorySocket;
        peers.set(name, connection);
        await connection.send(message, this.#stop.signal);
        while (connection.unread > 0) {
          const answer: Frames = await connection.receive(this.#stop.signal);
          await socket.send([peer, ...answer], this.#stop.signal);
        }
      }
    };
    const { signal } = this.#stop;
    const both = Promise.all([serve(), zap.run(signal)]);
    this.#serving = both.then(() => {});
    this.#serving.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Error("done");
    this.#stop.abort(reason);
    await this.#serving.catch((error) => {
      if (error !== reason) throw error;
    });
    await this.#zeromq[Symbol.asyncDispose]();
    await this.#poll[Symbol.asyncDispose]();
  }
}
