import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import { StateTeller } from "../../lib/client/state_teller.ts";
import type { NodeCondition } from "../../lib/wire/v2_messages.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import {
  IDLE_MONITOR,
  IDLE_SUBSCRIBER,
} from "../support/values/core_values.ts";

/** A teller at work; it notes when it told. */
class TellerBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly toldAtMs: number[] = [];
  readonly teller: StateTeller;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #condition: NodeCondition;

  constructor(condition: NodeCondition = IDLE_MONITOR) {
    const { clock } = this;
    this.#condition = condition;
    this.teller = new StateTeller({ clock, condition: () => this.#condition });
    this.#running = this.teller.run(this.#stop.signal, () => {
      this.toldAtMs.push(clock.monotonicMs());
      return Promise.resolve();
    });
    this.#running.catch(() => {});
  }

  becomes(condition: NodeCondition): void {
    this.#condition = condition;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Error("stopped");
    this.#stop.abort(reason);
    await rejects(this.#running, reason);
    strictEqual(this.clock.delays, 0);
  }
}

function waiting(unacknowledged: number): NodeCondition {
  return {
    ...{ kind: "monitor", logReadAgoMs: 0 },
    ...{ unacknowledged, oldestAgoMs: 0 },
  };
}

Deno.test("StateTeller tells at once, then every 30 s", async () => {
  await using bench = new TellerBench();
  await bench.clock.advance(61_000);
  deepStrictEqual(bench.toldAtMs, [0, 30_000, 60_000]);
});

Deno.test("StateTeller tells of a change within 5 s, and not of what changes with time", async () => {
  await using bench = new TellerBench();
  await bench.clock.advance(1_000);
  bench.becomes(waiting(1));
  await bench.clock.advance(4_000);
  deepStrictEqual(bench.toldAtMs, [0, 5_000]);
  for (let count = 2; count < 6; count++) {
    bench.becomes(waiting(count));
    await bench.clock.advance(5_000);
  }
  deepStrictEqual(bench.toldAtMs, [0, 5_000]);
  bench.becomes(waiting(0));
  await bench.clock.advance(5_000);
  deepStrictEqual(bench.toldAtMs, [0, 5_000, 30_000]);
});

Deno.test("StateTeller tells of each difference of an action, every 5 s at most", async () => {
  await using bench = new TellerBench(IDLE_SUBSCRIBER);
  await settled();
  for (let inForce = 0; inForce < 20; inForce++) {
    bench.becomes({
      ...{ ...IDLE_SUBSCRIBER, epoch: "e".repeat(32) as Epoch, seq: inForce },
      isFollowing: true,
      actions: [{
        ...{ name: "nftables", wanted: 20, inForce },
        ...{ failing: 0, refused: 0 },
      }],
    });
    await bench.clock.advance(1_000);
  }
  deepStrictEqual(bench.toldAtMs, [0, 5_000, 10_000, 15_000, 20_000]);
});

Deno.test("StateTeller tells when it is asked, each time, and 30 s later again", async () => {
  await using bench = new TellerBench();
  await bench.clock.advance(7_000);
  bench.teller.ask();
  await settled();
  bench.teller.ask();
  await bench.clock.advance(30_000);
  deepStrictEqual(bench.toldAtMs, [0, 7_000, 7_000, 37_000]);
});
