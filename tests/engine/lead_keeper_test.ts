import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Condition } from "../../lib/async/tasks.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { StoreLeftError } from "../../lib/ban/ban_store.ts";
import { LeadKeeper } from "../../lib/engine/lead_keeper.ts";
import { LEAD_PACE } from "../../lib/engine/lead_state.ts";
import { OtherLogError } from "../../lib/engine/log_follower.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import type { SharedBanStore } from "../../lib/engine/shared_ban_store.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryCopyStore } from "../support/memory/memory_copy_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  MemoryLogServer,
  MemorySharedLog,
} from "../support/memory/memory_shared_log.ts";
import {
  banKeyAt,
  eventName,
  NOW_MS,
  report,
} from "../support/values/stored_changes.ts";

const { lookMs, graceMs, spreadMs, silentMs } = LEAD_PACE;
/** So far the store's clock is behind the hosts'. */
const HOUR_MS = 3_600_000;
const TAKEOVER_MS = graceMs + spreadMs + 2 * lookMs;

/** A publisher that serves by doing nothing. */
class TestPublisher {
  readonly copy: MemoryCopyStore;
  readonly log: MemorySharedLog;
  readonly records = new MemoryLog();
  readonly keeper: LeadKeeper;
  readonly #stop = new AbortController();
  readonly #clock: ManualClock;
  store: SharedBanStore | undefined;
  isSure = () => false;
  terms = 0;
  /** Resolves when what it serves may end. */
  mayEnd: Promise<void> = Promise.resolve();
  ended: Promise<void> = Promise.resolve();

  constructor(
    name: string,
    server: MemoryLogServer,
    clock: ManualClock,
    settings = "same",
  ) {
    // Each made its own, as a new host does.
    this.copy = new MemoryCopyStore(name.padEnd(32, "0"));
    this.log = new MemorySharedLog(server);
    this.#clock = clock;
    let ids = 0;
    this.keeper = new LeadKeeper({
      ...{ log: this.log, copy: this.copy, clock, records: this.records },
      ...{ name, chance: () => 0.5, keepHistoryMs: 86_400_000 },
      newId: () => `${name}-${++ids}`,
      settings,
    });
  }

  start(): void {
    this.ended = this.keeper.run(this.#stop.signal, async (term, signal) => {
      this.terms++;
      this.store = term.store;
      this.isSure = term.isSure;
      term.showTime(() => this.#clock.nowMs() - HOUR_MS);
      await new Condition().wait(signal).catch(() => {});
      this.store = undefined;
      await this.mayEnd;
    });
  }

  get isActive(): boolean {
    return this.store !== undefined;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("stop"));
    await this.ended;
  }

  /** Stores the next ban. */
  async ban(): Promise<void> {
    const { store } = this;
    ok(store);
    await banIn(store);
  }
}

async function banIn(store: SharedBanStore): Promise<void> {
  const seq = store.seq + 1;
  await store.append([{
    event: eventName(`event-${seq}`),
    change: report(seq, banKeyAt(seq)),
  }], NOW_MS);
}

/** Publishers of one log; the first is active. */
async function startTwo() {
  const clock = new ManualClock();
  const server = new MemoryLogServer();
  const one = new TestPublisher("aaa1", server, clock);
  const two = new TestPublisher("bbb2", server, clock);
  one.start();
  await clock.advance(2 * lookMs);
  two.start();
  await clock.advance(2 * lookMs);
  ok(one.isActive && !two.isActive);
  return { clock, server, one, two };
}

Deno.test("one of two is active, and the other one's copy follows", async () => {
  const { clock, one, two } = await startTwo();
  for (let times = 0; times < 3; times++) await one.ban();
  await clock.advance(3 * TAKEOVER_MS);
  ok(one.isActive && !two.isActive);
  strictEqual(two.copy.epoch, one.copy.epoch);
  deepStrictEqual(two.copy.since(0, 9), one.copy.since(0, 9));
  const { role, active, term, behind, engineAnswers } = two.keeper.figures;
  deepStrictEqual(
    { role, active, term, behind, engineAnswers },
    ...[{
      ...{ role: "standby", active: "aaa1", term: 1, behind: 0 },
      engineAnswers: true,
    }],
  );
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("the other one takes over from one that is silent, goes on with its numbers and its time, and the first steps down", async () => {
  const { clock, one, two } = await startTwo();
  await one.ban();
  await clock.advance(1_000);
  one.log.isSilent = true;
  await clock.advance(TAKEOVER_MS);
  ok(two.isActive);
  // It may take itself for the active one still: its store takes nothing, and it greets nobody.
  ok(!one.isSure());
  await two.ban();
  strictEqual(two.copy.seq, 2);
  // The store's clock is an hour behind this host's.
  ok(Math.abs((two.copy.time?.aheadMs ?? 0) - HOUR_MS) < 1_000);
  await clock.advance(silentMs);
  ok(!one.isActive);
  one.log.isSilent = false;
  await clock.advance(2 * lookMs);
  deepStrictEqual(one.copy.since(0, 9), two.copy.since(0, 9));
  strictEqual(one.terms + two.terms, 2);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("whoever is active after the log was silent for long goes on in the time that the store would have", async () => {
  for (const isAlone of [false, true]) {
    const { clock, one, two } = await startTwo();
    if (isAlone) await two.stop();
    await clock.advance(10 * LEAD_PACE.beatMs);
    await one.copy.keepTime({ aheadMs: HOUR_MS, seenMs: 0 });
    // The last beats are seen by nobody in time.
    two.log.isSilent = true;
    await clock.advance(2 * LEAD_PACE.beatMs);
    one.log.isSilent = true;
    await clock.advance(70_000);
    two.log.isSilent = false;
    if (isAlone) one.log.isSilent = false;
    await clock.advance(TAKEOVER_MS);
    const active = isAlone ? one : two;
    ok(active.isActive);
    const { aheadMs = 0 } = active.copy.time ?? {};
    ok(Math.abs(aheadMs - HOUR_MS) < 1_000, `${aheadMs}`);
    await Promise.all([one.stop(), two.stop()]);
  }
});

Deno.test("one that was frozen, and thinks itself active, can't write any more", async () => {
  const { clock, server, one, two } = await startTwo();
  await one.ban();
  const { store } = one;
  ok(store);
  // The other one has taken over meanwhile, for all that the log knows.
  const { view } = server;
  ok(view);
  await two.log.take({ term: 2, holder: "bbb2" }, view.versions);
  await rejects(banIn(store), RuntimeError);
  await clock.advance(lookMs);
  ok(!one.isActive);
  deepStrictEqual([server.records.length, one.copy.seq], [1, 1]);
  // Not even once more.
  await rejects(banIn(store), RuntimeError);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("with a log that compares nothing both would write, and this test's eyes see it", async () => {
  const { server, one, two } = await startTwo();
  server.comparesNothing = true;
  await one.ban();
  const { view } = server;
  ok(view);
  await two.log.take({ term: 2, holder: "bbb2" }, view.versions);
  const { store } = one;
  ok(store);
  await banIn(store);
  strictEqual(server.records.length, 2);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("with a log that answers before it has a record an acknowledged ban is lost, and this test's eyes see it", async () => {
  for (const answersEarly of [false, true]) {
    const { clock, server, one, two } = await startTwo();
    server.answersEarly = answersEarly;
    await one.ban();
    one.log.isSilent = true;
    await clock.advance(TAKEOVER_MS);
    ok(two.isActive);
    strictEqual(two.copy.seq, answersEarly ? 0 : 1);
    await Promise.all([one.stop(), two.stop()]);
  }
});

Deno.test("an answer that is lost is asked for again, and what was carried out is carried out once", async () => {
  const { clock, server, one, two } = await startTwo();
  for (const fault of ["before", "after"] as const) {
    const kept = one.ban();
    one.log.faults.push(fault);
    await clock.advance(lookMs);
    await kept;
  }
  deepStrictEqual([server.records.length, one.copy.seq], [2, 2]);
  await clock.advance(lookMs);
  strictEqual(two.copy.seq, 2);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("a publisher whose lead is refused tries again at its pace, not at once", async () => {
  const clock = new ManualClock();
  const one = new TestPublisher("aaa1", new MemoryLogServer(), clock);
  let tries = 0;
  one.log.take = () => {
    tries++;
    return Promise.reject(new NoLogError("etcd is full"));
  };
  one.start();
  await clock.advance(10 * lookMs);
  ok(tries > 1 && tries <= 11, `${tries} tries`);
  ok(!one.isActive);
  await one.stop();
});

Deno.test("a standby with other settings says so, once", async () => {
  const { clock, server, one, two } = await startTwo();
  const three = new TestPublisher("ccc3", server, clock, "other");
  three.start();
  await clock.advance(10 * lookMs);
  strictEqual(two.keeper.figures.settingsDiffer, false);
  strictEqual(three.keeper.figures.settingsDiffer, true);
  const said = three.records.records.filter(({ severity }) =>
    severity === "warning"
  );
  strictEqual(said.length, 1);
  await Promise.all([one.stop(), two.stop(), three.stop()]);
});

Deno.test("one that stops hands over: the other one is active before its next look is due", async () => {
  const { clock, server, one, two } = await startTwo();
  await one.ban();
  await clock.advance(1);
  await one.stop();
  await clock.advance(1);
  ok(two.isActive);
  deepStrictEqual([two.copy.seq, server.lead.term], [1, 2]);
  await two.stop();
});

Deno.test("one that stops hands over: the other one need not wait, where it hears nothing, but for its next look", async () => {
  const { clock, server, one, two } = await startTwo();
  two.log.tellsNothing = true;
  await one.stop();
  strictEqual(server.lead.holder, undefined);
  await clock.advance(lookMs);
  ok(two.isActive);
  strictEqual(server.lead.term, 2);
  await two.stop();
});

Deno.test("one that stops with a ban on its way hands over all the same, and acknowledges nothing", async () => {
  const { clock, server, one, two } = await startTwo();
  one.log.faults.push("before");
  const refused = rejects(one.ban(), StoreLeftError);
  await clock.advance(1);
  await one.stop();
  await refused;
  await clock.advance(1);
  ok(two.isActive);
  deepStrictEqual([two.copy.seq, server.records.length], [0, 0]);
  const said = one.records.records.map(({ event }) => event);
  ok(!said.includes("this publisher steps down"));
  await two.stop();
});

Deno.test("one that stops hands over before what it serves has ended", async () => {
  const { clock, one, two } = await startTwo();
  await one.ban();
  const served = Promise.withResolvers<void>();
  one.mayEnd = served.promise;
  const stopped = one.stop();
  await clock.advance(lookMs);
  ok(two.isActive);
  strictEqual(two.copy.seq, 1);
  served.resolve();
  await Promise.all([stopped, two.stop()]);
});

Deno.test("one that stops and has lost the lead leaves it where it is", async () => {
  const { clock, server, one, two } = await startTwo();
  const { view } = server;
  ok(view);
  await two.log.take({ term: 2, holder: "bbb2" }, view.versions);
  await one.stop();
  strictEqual(server.lead.holder, "bbb2");
  await clock.advance(lookMs);
  await two.stop();
});

Deno.test("whose copy fails steps down, and as a standby has in the end what the log has", async () => {
  const { clock, one, two } = await startTwo();
  one.copy.failure = new RuntimeError("disk full");
  await rejects(one.ban(), /disk full/);
  await clock.advance(2 * lookMs);
  ok(!one.isActive);
  await clock.advance(TAKEOVER_MS);
  ok(two.isActive);
  strictEqual(two.copy.seq, 1);
  one.copy.failure = undefined;
  await clock.advance(2 * lookMs);
  strictEqual(one.copy.seq, 1);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("a publisher ends, with the remedy, whose copy is of another log", async () => {
  const { clock, server, one, two } = await startTwo();
  const other = new TestPublisher("ccc3", server, clock);
  await other.copy.append([{
    event: undefined,
    change: report(1, banKeyAt(1)),
  }], NOW_MS);
  other.start();
  const ended = rejects(other.ended, OtherLogError);
  await clock.advance(lookMs);
  await ended;
  ok(one.isActive);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("an operator has the active one make way for the other, which goes on with all that was stored", async () => {
  const { clock, server, one, two } = await startTwo();
  await one.ban();
  const { view } = server;
  ok(view);
  const lead = { term: view.lead.term, holder: undefined, next: "bbb2" };
  ok(await two.log.passOn(lead, view.versions));
  // It writes nothing from then on, whether it has heard of that or not.
  await rejects(one.ban(), RuntimeError);
  await clock.advance(1);
  ok(two.isActive && !one.isActive);
  deepStrictEqual(two.copy.since(0, 9).length, 1);
  await two.ban();
  await clock.advance(3 * TAKEOVER_MS);
  ok(two.isActive && !one.isActive);
  strictEqual(two.keeper.figures.term, 2);
  await Promise.all([one.stop(), two.stop()]);
});
