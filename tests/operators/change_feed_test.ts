import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import {
  BEAT_MS,
  ChangeFeed,
  MAX_BEHIND,
  STEP_MS,
} from "../../lib/operators/change_feed.ts";
import type { OperatorAnswer } from "../../lib/wire/operator_messages.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

/** An answer without what all of a test have in common. */
function short(answer: OperatorAnswer): string {
  switch (answer.kind) {
    case "following":
      return `from ${answer.change}`;
    case "changed": {
      const bans = answer.bans.map((ban) => `+${ban.address}`);
      const gone = answer.gone.map((key) => `-${key.address}`);
      return [answer.to, ...bans, ...gone].join(" ");
    }
    default:
      return answer.kind;
  }
}

/** A hub at work, and who follows it. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryBanStore();
  readonly hub: BanHub;
  readonly feed: ChangeFeed;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor() {
    const { clock, store } = this;
    this.hub = new BanHub({
      ...{ clock, store, log: new MemoryLog() },
      onKept: () => this.feed.noteKept(),
    });
    this.feed = new ChangeFeed({
      ...{ clock, store, hub: this.hub, aheadMs: () => 0 },
      nodes: { enforcing: () => [] },
    });
    this.#running.push(this.hub.run(this.#stop.signal).catch(() => {}));
  }

  /** One who reads all that comes. */
  async follow(since: number | null): Promise<string[]> {
    const told: string[] = [];
    const { signal } = this.#stop;
    const read = async () => {
      for await (const answer of this.feed.follow(since, signal)) {
        told.push(short(answer));
      }
    };
    this.#running.push(rejects(read(), { name: "AbortError" }));
    await settled();
    return told;
  }

  async report(...texts: readonly string[]): Promise<void> {
    await this.hub.submit(texts.map((text) => ({
      event: {
        ...{ kind: "report", jail: jail("sshd"), address: address(text) },
        ...{ origin: host("web1"), expiresMs: Infinity },
      },
    })));
    await settled();
  }

  async lift(text: string): Promise<void> {
    const key = { jail: jail("sshd"), address: address(text) };
    const by = host("operator");
    await this.hub.submit([{ event: { kind: "lift", ...key, by } }]);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}

Deno.test("a change is told at once, and so are a few after it; where they go on they are told together", async () => {
  await using bench = new Bench();
  const told = await bench.follow(null);
  const alone = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];
  for (const each of alone) await bench.report(each);
  deepStrictEqual(told, [
    "from 0",
    ...alone.map((each, at) => `${at + 1} +${each}`),
  ]);
  await bench.report("203.0.113.5");
  await bench.report("203.0.113.6");
  await bench.lift("203.0.113.1");
  await bench.clock.advance(STEP_MS - 1);
  strictEqual(told.length, 5);
  await bench.clock.advance(1);
  deepStrictEqual(told.slice(5), ["7 +203.0.113.5 +203.0.113.6 -203.0.113.1"]);
  await bench.report("203.0.113.7");
  strictEqual(told.length, 6);
  await bench.clock.advance(STEP_MS);
  strictEqual(told.at(-1), "8 +203.0.113.7");
});

Deno.test("whoever says the last change it knows is told what came after it", async () => {
  await using bench = new Bench();
  await bench.report("203.0.113.1", "203.0.113.2");
  await bench.lift("203.0.113.1");
  const behind = await bench.follow(1);
  deepStrictEqual(behind, ["from 1", "3 +203.0.113.2 -203.0.113.1"]);
  deepStrictEqual(await bench.follow(3), ["from 3"]);
});

Deno.test("whoever is in the midst of a step, or knows a number of another store, goes on where the others are", async () => {
  await using bench = new Bench();
  const first = await bench.follow(null);
  await bench.report("203.0.113.1", "203.0.113.2", "203.0.113.3");
  const midst = await bench.follow(2);
  deepStrictEqual(midst, ["from 2", "3 +203.0.113.3"]);
  const other = await bench.follow(99);
  deepStrictEqual(other, ["from 3"]);
  await bench.clock.advance(STEP_MS);
  await bench.report("203.0.113.4");
  for (const told of [first, midst, other]) {
    strictEqual(told.at(-1), "4 +203.0.113.4");
  }
});

Deno.test("whoever is far behind begins anew", async () => {
  await using bench = new Bench();
  const texts = Array.from(
    { length: MAX_BEHIND + 1 },
    (_, at) => `203.0.${at >> 8}.${at & 255}`,
  );
  for (let at = 0; at < texts.length; at += 500) {
    await bench.report(...texts.slice(at, at + 500));
  }
  deepStrictEqual(await bench.follow(0), [`from ${texts.length}`]);
});

Deno.test("where nothing changes that is told, so that a dead hub is noticed", async () => {
  await using bench = new Bench();
  const told = await bench.follow(null);
  await bench.clock.advance(BEAT_MS);
  deepStrictEqual(told, ["from 0", "0"]);
});
