import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { RenewedSocket } from "../../lib/zmq/renewed_socket.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

/** A renewed socket at work, and what was received from it. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly connections: MemorySocket[] = [];
  readonly received: (string | undefined)[] = [];
  readonly socket: RenewedSocket;
  readonly running: Promise<void>;
  #receiving: Promise<void> | undefined;

  constructor() {
    const { clock, log } = this;
    this.socket = new RenewedSocket({
      connect: () => {
        const connection = new MemorySocket();
        this.connections.push(connection);
        return connection;
      },
      clock,
      log,
      silenceMs: 30_000,
      overlapMs: 2_000,
    });
    this.running = this.socket.run(this.stop.signal);
    this.running.catch(() => {});
  }

  /** Receives from now on. */
  receive(): void {
    this.#receiving = (async () => {
      while (true) {
        const message = await this.socket.receive(this.stop.signal);
        this.received.push(texts(message)[0]);
      }
    })();
    this.#receiving.catch(() => {});
  }

  get open(): number {
    return this.connections.filter(({ closed }) => !closed).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort(new Error("stopped"));
    await Promise.allSettled([this.running, this.#receiving]);
  }
}

Deno.test("RenewedSocket gives what its connection gives, in order, and keeps it while it does", async () => {
  await using bench = new Bench();
  bench.receive();
  for (let count = 0; count < 10; count++) {
    bench.connections[0]?.give(frames(`${count}`));
    await bench.clock.advance(29_000);
  }
  deepStrictEqual(bench.received, [..."0123456789"]);
  strictEqual(bench.connections.length, 1);
});

Deno.test("RenewedSocket hears over a new connection when it fell silent, and over the old one for a while", async () => {
  await using bench = new Bench();
  bench.receive();
  await bench.clock.advance(30_000);
  strictEqual(bench.open, 2);
  bench.connections[0]?.give(frames("old"));
  bench.connections[1]?.give(frames("new"));
  await bench.clock.advance(2_000);
  deepStrictEqual(bench.received, ["old", "new"]);
  strictEqual(bench.open, 1);
  strictEqual(bench.connections[0]?.closed, true);
  bench.connections[1]?.give(frames("later"));
  await bench.clock.advance(29_999);
  deepStrictEqual(bench.received, ["old", "new", "later"]);
  strictEqual(bench.connections.length, 2);
});

Deno.test("RenewedSocket takes a bounded number of messages ahead, and loses none", async () => {
  await using bench = new Bench();
  const [connection] = bench.connections;
  for (let count = 0; count < 3_000; count++) {
    connection?.give(frames(`${count}`));
  }
  await settled();
  strictEqual(connection?.unread, 2_000);
  bench.receive();
  await bench.clock.advance(1);
  deepStrictEqual(
    bench.received,
    Array.from({ length: 3_000 }, (_, count) => `${count}`),
  );
});

Deno.test("RenewedSocket ends at once when stopped, and leaves nothing open", async () => {
  for (const atMs of [0, 30_000, 31_000, 40_000]) {
    const bench = new Bench();
    await bench.clock.advance(atMs);
    const reason = new Error("stopped");
    bench.stop.abort(reason);
    await rejects(bench.running, reason);
    strictEqual(bench.open, 0, `${atMs}`);
    strictEqual(bench.clock.delays, 0);
  }
});

Deno.test("RenewedSocket throws what a connection throws", async () => {
  await using bench = new Bench();
  bench.connections[0]?.fail(new RuntimeError("gone"));
  await rejects(bench.running, { message: "gone" });
  strictEqual(bench.open, 0);
});
