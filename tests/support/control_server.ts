/**
 * A publisher's control socket over a real network, for real monitors.
 *
 * @module
 */

import type { Frames } from "../../lib/ports.ts";
import { LibcPoll } from "../../lib/io/libc_poll.ts";
import { ZmqContext } from "../../lib/io/zmq_socket.ts";
import { MAX_CONTROL_BYTES } from "../../lib/wire_v2.ts";
import { MemoryControl } from "./memory_control.ts";
import type { MemorySocket } from "./memory_socket.ts";

/** A {@link MemoryControl} behind a ROUTER. */
export class ControlServer implements AsyncDisposable {
  readonly publisher = new MemoryControl();
  readonly url: string;
  readonly #stop = new AbortController();
  readonly #poll = new LibcPoll();
  readonly #zeromq = new ZmqContext(this.#poll);
  readonly #serving: Promise<void>;

  constructor() {
    const socket = this.#zeromq.router("tcp://127.0.0.1:*", {
      maxMessageBytes: MAX_CONTROL_BYTES,
    });
    this.url = socket.endpoint;
    const peers = new Map<string, MemorySocket>();
    this.#serving = (async () => {
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
    })();
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
