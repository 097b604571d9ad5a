import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { KeptChange } from "../../lib/ban/ban_hub.ts";
import { ChangeStream } from "../../lib/publisher/change_stream.ts";
import { decodeStreamMessage, parseEpoch } from "../../lib/wire/v2.ts";
import type { Frames, MessageSocket } from "../../lib/zmq/ports.ts";
import { reported } from "../support/values/bans.ts";
import { address } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";

const EPOCH = parseEpoch("e0".repeat(16));

/** A stream, and what it said. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly stream: ChangeStream;
  listeners = 0;
  readonly #said: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #seq = 0;

  constructor() {
    if (EPOCH === undefined) throw new TypeError("Not an epoch");
    const socket: MessageSocket = {
      send: (frames) => Promise.resolve(this.#note(frames)),
      receive: () => Promise.reject(new Error("A PUB hears nothing")),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    this.stream = new ChangeStream({
      ...{ socket, clock: this.clock, epoch: EPOCH },
      seq: () => this.#seq,
      revision: () => 0,
      listeners: () => this.listeners,
    });
    this.#running = this.stream.run(this.#stop.signal);
  }

  /** Changes that are kept in one step. */
  keep(count: number): void {
    this.hand(this.store(count));
  }

  /** Changes that the table has. */
  store(count: number): readonly KeptChange[] {
    return Array.from({ length: count }, (): KeptChange => {
      const seq = ++this.#seq;
      const change = reported(seq, "web1", { last: seq % 256 });
      return { change, before: undefined, after: undefined, row: -1 };
    });
  }

  /** Hands stored changes to the stream. */
  hand(kept: readonly KeptChange[]): void {
    this.stream.publish(kept);
  }

  /** What was said since the last call, once so many milliseconds are over. */
  async said(afterMs = 0): Promise<string[]> {
    await this.clock.advance(afterMs);
    return this.#said.splice(0);
  }

  #note(frames: Frames): void {
    const decoded = decodeStreamMessage(frames);
    if (!decoded.ok) throw new Error(decoded.reason);
    const { value } = decoded;
    this.#said.push(
      value.kind === "C"
        ? `C ${value.changes[0]?.seq}-${value.changes.at(-1)?.seq}`
        : value.kind === "H"
        ? `H ${value.seq}`
        : `P ${value.order}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("ChangeStream sends changes that were kept together in one message, at once", async () => {
  await using bench = new Bench();
  deepStrictEqual(await bench.said(), ["H 0"]);
  bench.keep(1);
  bench.keep(3);
  deepStrictEqual(await bench.said(), ["C 1-1", "C 2-4"]);
});

Deno.test("ChangeStream makes changes that follow closely wait where many listen, and sends them together", async () => {
  await using bench = new Bench();
  bench.listeners = 1_000;
  await bench.said();
  bench.keep(1);
  deepStrictEqual(await bench.said(), ["C 1-1"], "a lone one goes at once");
  for (let step = 0; step < 5; step++) bench.keep(2);
  deepStrictEqual(await bench.said(249), []);
  strictEqual(bench.stream.sentSeq, 1);
  deepStrictEqual(await bench.said(1), ["C 2-11"]);
  strictEqual(bench.stream.sentSeq, 11);
  bench.keep(1);
  deepStrictEqual(await bench.said(250), ["C 12-12"]);
  deepStrictEqual(await bench.said(250), []);
  bench.keep(1);
  deepStrictEqual(await bench.said(), ["C 13-13"], "alone again");
});

Deno.test("ChangeStream waits 250 ms at most, and for nothing with a full message", async () => {
  await using bench = new Bench();
  bench.listeners = 4_000;
  bench.keep(1);
  bench.keep(1);
  deepStrictEqual(await bench.said(249), ["H 0", "C 1-1"]);
  deepStrictEqual(await bench.said(1), ["C 2-2"]);
  bench.keep(1);
  bench.keep(499);
  deepStrictEqual(await bench.said(), ["C 3-502"]);
});

Deno.test("ChangeStream beats every second, and for a second ten times as often where a copy has caught up", async () => {
  await using bench = new Bench();
  deepStrictEqual(await bench.said(999), ["H 0"]);
  deepStrictEqual(await bench.said(1), ["H 0"]);
  await bench.clock.advance(300);
  bench.stream.beatSoon();
  bench.stream.beatSoon();
  deepStrictEqual(await bench.said(), ["H 0"], "at once");
  for (let times = 1; times < 10; times++) {
    deepStrictEqual(await bench.said(99), []);
    deepStrictEqual(await bench.said(1), ["H 0"]);
  }
  deepStrictEqual(await bench.said(999), [], "and every second again");
  deepStrictEqual(await bench.said(1), ["H 0"]);
});

Deno.test("ChangeStream beats less often where many listen, and every second at least", async () => {
  for (const [listeners, afterMs] of [[1_000, 300], [10_000, 1_000]] as const) {
    await using bench = new Bench();
    bench.listeners = listeners;
    await bench.said(1_000);
    bench.stream.beatSoon();
    deepStrictEqual(await bench.said(afterMs - 1), []);
    deepStrictEqual(await bench.said(1), ["H 0"]);
  }
});

Deno.test("ChangeStream says no heartbeat while the table is ahead of it, but for a second", async () => {
  await using bench = new Bench();
  deepStrictEqual(await bench.said(990), ["H 0"]);
  const kept = bench.store(2);
  deepStrictEqual(await bench.said(20), [], "due, and it would show a gap");
  bench.hand(kept);
  deepStrictEqual(await bench.said(), ["C 1-2", "H 2"]);
  deepStrictEqual(await bench.said(999), [], "the next one as usual");
  bench.store(1);
  deepStrictEqual(await bench.said(1_000), [], "they are never handed over");
  deepStrictEqual(await bench.said(1), ["H 3"]);
});

Deno.test("ChangeStream says no heartbeat and no probe before the changes that came first", async () => {
  await using bench = new Bench();
  bench.listeners = 1_000;
  await bench.said(985);
  bench.keep(1);
  bench.keep(1);
  deepStrictEqual(await bench.said(15), ["C 1-1", "C 2-2", "H 2"]);
  bench.keep(1);
  bench.stream.probe(7, address("192.0.2.1"), null);
  bench.keep(1);
  deepStrictEqual(await bench.said(), ["C 3-3", "P 7"]);
  deepStrictEqual(await bench.said(250), ["C 4-4"]);
  strictEqual(bench.stream.dropped, 0);
});
