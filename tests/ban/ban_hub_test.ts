import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { BanHub, BusyError, type KeptChange } from "../../lib/ban/ban_hub.ts";
import { ANY_NODE } from "../../lib/ban/ban_decision.ts";
import type { EventId } from "../../lib/base/ids.ts";
import { StoreLeftError } from "../../lib/ban/ban_store.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { lift, report, withdraw } from "../support/values/bans.ts";
import { host, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

/** A hub at work until it is disposed of. */
class Bench implements AsyncDisposable {
  readonly store = new MemoryBanStore();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly kept: KeptChange[] = [];
  readonly hub: BanHub;
  readonly stop = new AbortController();
  readonly running: Promise<unknown>;

  constructor(
    options: Partial<ConstructorParameters<typeof BanHub>[0]> = {},
  ) {
    const { store, clock, log, stop } = this;
    this.hub = new BanHub({
      store,
      clock,
      log,
      onKept: (kept) => this.kept.push(...kept),
      ...options,
    });
    this.running = this.hub.run(stop.signal).catch((error) => error);
  }

  get told(): string[] {
    return this.kept.map(({ change }) => `${change.seq} ${change.kind}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

function named(id: string, event = report("web1")) {
  const name = { origin: host("web1"), id: id.padStart(16, "0") as EventId };
  return { event, name };
}

Deno.test("BanHub decides in order, also what is handed over together, and tells what is kept", async () => {
  await using bench = new Bench();
  const verdicts = await bench.hub.submit([
    { event: report("web1") },
    { event: report("web1") },
    { event: withdraw("web2") },
    { event: withdraw("web1") },
    { event: lift() },
    { event: report("web2", 1) },
  ]);
  deepStrictEqual(verdicts, [
    1,
    "known",
    "no_report",
    2,
    "no_ban",
    "over",
  ]);
  deepStrictEqual(bench.told, ["1 report", "2 withdraw"]);
  strictEqual(bench.hub.table.size, 0);
});

Deno.test("BanHub takes an event of a name once, also within one step and after a restart", async () => {
  await using bench = new Bench();
  deepStrictEqual(
    await bench.hub.submit([
      named("a"),
      named("a"),
      named("b", withdraw("web1")),
    ]),
    [1, "known", 2],
  );
  deepStrictEqual(await bench.hub.submit([named("a")]), ["known"]);
  await using again = new Bench({ store: bench.store });
  deepStrictEqual(await again.hub.submit([named("a")]), ["known"]);
  strictEqual(again.hub.table.size, 0);
});

Deno.test("BanHub keeps together what comes while a step is kept", async () => {
  const gathered = new Condition();
  await using bench = new Bench({ gather: (signal) => gathered.wait(signal) });
  const first = bench.hub.submit([{ event: report("web1") }]);
  await settled();
  const others = ["web2", "web3", "web4"].map((node) =>
    bench.hub.submit([{ event: report(node) }])
  );
  await settled();
  strictEqual(bench.store.seq, 1);
  gathered.notify();
  deepStrictEqual(await first, [1]);
  await settled();
  gathered.notify();
  await Promise.all(others);
  strictEqual(bench.hub.counters.commits, 2);
  deepStrictEqual(bench.told.length, 4);
});

Deno.test("BanHub answers after what it tells has had its turn, unless it tells nothing or events come fast", async () => {
  const gathered = new Condition();
  await using bench = new Bench({ gather: (signal) => gathered.wait(signal) });
  const answered: string[] = [];
  const submit = async (node: string) => {
    await bench.hub.submit([{ event: report(node) }]);
    answered.push(node);
  };
  /** Whether the answer comes before the turn is over. */
  const isAtOnce = async (node: string) => {
    const submitted = submit(node);
    await settled();
    const isAnswered = answered.includes(node);
    gathered.notify();
    await submitted;
    await settled();
    return isAnswered;
  };
  strictEqual(await isAtOnce("web1"), false);
  strictEqual(bench.told.length, 1);
  await bench.clock.advance(9);
  strictEqual(await isAtOnce("web2"), true, "soon after");
  await bench.clock.advance(10);
  strictEqual(await isAtOnce("web3"), false, "later");
  await bench.clock.advance(10);
  answered.length = 0;
  strictEqual(await isAtOnce("web3"), true, "known");
});

Deno.test("BanHub answers at once when others come, and the next step does not hold it up", async () => {
  const gathered = new Condition();
  await using bench = new Bench({ gather: (signal) => gathered.wait(signal) });
  const first = bench.hub.submit([{ event: report("web1") }]);
  await settled();
  const second = bench.hub.submit([{ event: report("web2") }]);
  deepStrictEqual(await first, [1]);
  strictEqual(bench.store.seq, 1);
  gathered.notify();
  await settled();
  gathered.notify();
  await second;
});

Deno.test("BanHub acknowledges and tells nothing that the store refuses, and takes it when it can", async () => {
  await using bench = new Bench();
  bench.store.failure = new RuntimeError("disk full", { hint: "" });
  for (let again = 0; again < 3; again++) {
    await rejects(bench.hub.submit([named("a")]), { message: "disk full" });
  }
  deepStrictEqual(bench.told, []);
  strictEqual(bench.hub.table.size, 0);
  bench.store.failure = undefined;
  deepStrictEqual(await bench.hub.submit([named("a")]), [1]);
  deepStrictEqual(bench.log.events, [
    "reports can't be kept, and are not acknowledged",
    "reports are kept again",
  ]);
  strictEqual(bench.hub.counters.unkept, 3);
});

Deno.test("BanHub acknowledges nothing once another publisher has the store, and complains of no disk", async () => {
  await using bench = new Bench();
  bench.store.failure = new StoreLeftError("hub2 has taken over");
  await rejects(bench.hub.submit([named("a")]), StoreLeftError);
  deepStrictEqual([bench.told, bench.log.events], [[], []]);
  strictEqual(bench.hub.storeTrouble, undefined);
});

Deno.test("BanHub takes no more than may wait, and nothing of what is too much", async () => {
  await using bench = new Bench({ maxWaiting: 2 });
  const two = [{ event: report("web1") }, { event: report("web2") }];
  const taken = bench.hub.submit(two);
  await rejects(bench.hub.submit([{ event: report("web3") }]), BusyError);
  deepStrictEqual(await taken, [1, 2]);
  strictEqual(bench.store.seq, 2);
});

Deno.test("BanHub takes nothing that waits when it is stopped", async () => {
  const bench = new Bench({ gather: (signal) => new Condition().wait(signal) });
  const kept = bench.hub.submit([{ event: report("web1") }]);
  await settled();
  const waiting = bench.hub.submit([{ event: report("web2") }]);
  const refused = rejects(waiting, BusyError);
  await bench[Symbol.asyncDispose]();
  await refused;
  deepStrictEqual(await kept, [1]);
  strictEqual(bench.store.seq, 1);
});

Deno.test("BanHub lets bans end, and knows after a restart what stands", async () => {
  await using bench = new Bench();
  const endsMs = bench.clock.nowMs() + 60_000;
  await bench.hub.submit([
    { event: report("web1", endsMs) },
    { event: report("web2") },
  ]);
  await bench.clock.advance(61_000);
  bench.hub.expire();
  await using again = new Bench({ store: bench.store, clock: bench.clock });
  for (const { hub } of [bench, again]) {
    deepStrictEqual(
      [...hub.table.bans()].flatMap(({ reports }) =>
        reports.map(({ origin }) => origin)
      ),
      ["web2"],
    );
  }
});

Deno.test("BanHub goes on after a store that could not be read, and hangs nobody", async () => {
  await using bench = new Bench();
  const hasEvent = bench.store.hasEvent.bind(bench.store);
  bench.store.hasEvent = () => {
    throw new RuntimeError("damaged", { hint: "" });
  };
  await rejects(bench.hub.submit([named("a")]), { message: "damaged" });
  bench.store.hasEvent = hasEvent;
  deepStrictEqual(await bench.hub.submit([named("a")]), [1]);
});

Deno.test("BanHub takes nothing once it has ended", async () => {
  const bench = new Bench();
  await bench[Symbol.asyncDispose]();
  await rejects(bench.hub.submit([named("a")]), BusyError);
});

Deno.test("BanHub has one report of a node, however its name is written, in the spelling that came first", async () => {
  await using bench = new Bench();
  deepStrictEqual(
    await bench.hub.submit([
      { event: report("Web-1") },
      { event: report("WEB-1") },
    ]),
    [1, "known"],
  );
  await using again = new Bench({ store: bench.store });
  deepStrictEqual(await again.hub.submit([{ event: withdraw("web-1") }]), [2]);
  deepStrictEqual(
    [...bench.kept, ...again.kept].map(({ change }) =>
      change.kind === "lift" ? "" : change.origin
    ),
    ["Web-1", "Web-1"],
  );
});

Deno.test("BanHub has no more reports of a node stand than may; those that stand are prolonged, and others' counted apart", async () => {
  await using bench = new Bench({ maxReports: 2 });
  const nowMs = bench.clock.nowMs();
  const verdicts = (...events: readonly ReturnType<typeof report>[]) =>
    bench.hub.submit(events.map((event) => ({ event })));
  deepStrictEqual(
    await verdicts(
      report("web1", nowMs + 60_000, 1),
      report("WEB1", nowMs + 1_000, 2),
      report("web1", nowMs + 60_000, 3),
      report("web2", nowMs + 60_000, 3),
      report("web1", nowMs + 90_000, 1),
    ),
    [1, 2, "node-full", 3, 4],
  );
  deepStrictEqual(
    await verdicts(
      report("web1", nowMs + 60_000, 4),
      withdraw("web1", 1),
      report("web1", nowMs + 60_000, 4),
      lift(4),
      report("web1", nowMs + 60_000, 5),
      report("web1", nowMs + 60_000, 6),
    ),
    ["node-full", 5, 6, 7, 8, "node-full"],
  );
  // Time makes room too.
  await bench.clock.advance(2_000);
  bench.hub.expire();
  deepStrictEqual(await verdicts(report("web1", nowMs + 60_000, 6)), [9]);
});

Deno.test("BanHub does not take for known what there was no room for", async () => {
  await using bench = new Bench({ maxReports: 1 });
  const second = named("b", report("web1", Infinity, 2));
  await bench.hub.submit([named("a")]);
  deepStrictEqual(await bench.hub.submit([second]), ["node-full"]);
  await bench.hub.submit([{ event: withdraw("web1") }]);
  deepStrictEqual(await bench.hub.submit([second]), [3]);
});

Deno.test("BanHub lifts a ban for a node that may, where others reported it too; its own alone is withdrawn", async () => {
  await using bench = new Bench();
  const unban = (last: number, mayLift: boolean) => ({
    event: withdraw("web1", last),
    mayLift,
  });
  const verdicts = await bench.hub.submit([
    { event: report("web1", Infinity, 1) },
    { event: report("web2", Infinity, 1) },
    { event: report("web2", Infinity, 2) },
    { event: report("web1", Infinity, 3) },
    unban(1, false),
    unban(1, true),
    unban(2, true),
    unban(3, true),
    unban(4, true),
  ]);
  deepStrictEqual(verdicts.slice(-1), ["no_ban"]);
  deepStrictEqual(bench.told.slice(-4), [
    "5 withdraw",
    "6 lift",
    "7 lift",
    "8 withdraw",
  ]);
  strictEqual(bench.hub.table.size, 0);
});

/** Each of another ban. */
function manyReports(length: number) {
  return Array.from({ length }, (_, at) => {
    const event = report("web1", Infinity, 1 + at % 250);
    return { event: { ...event, jail: jail(`jail${Math.floor(at / 250)}`) } };
  });
}

Deno.test("BanHub stores many events in steps, and in shorter ones where each takes long", async () => {
  const steps: number[] = [];
  const clock = new ManualClock();
  let elapsedMs = 0;
  await using bench = new Bench({
    clock: {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => elapsedMs,
      delay: (ms, signal) => clock.delay(ms, signal),
    },
    quorumOf: (jail) => {
      elapsedMs++;
      return ANY_NODE(jail);
    },
    onKept: (kept) => steps.push(kept.length),
  });
  const events = manyReports(1_000);
  const verdicts = await bench.hub.submit(events);
  deepStrictEqual(verdicts, events.map((_, at) => at + 1));
  strictEqual(steps.reduce((sum, step) => sum + step), 1_000);
  ok(steps.slice(2).every((step) => step <= 64), steps.join());
});

Deno.test("BanHub takes none of many events where there is no room for all", async () => {
  await using bench = new Bench({ maxWaiting: 200 });
  const events = manyReports(201);
  await rejects(bench.hub.submit(events), BusyError);
  strictEqual(bench.store.seq, 0);
  strictEqual((await bench.hub.submit(events.slice(1))).length, 200);
});
