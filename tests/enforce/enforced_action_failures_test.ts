import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ActionBench } from "../support/bench/action_bench.ts";

Deno.test("EnforcedAction tells of each trouble anew though one ban can never be applied", async () => {
  await using bench = new ActionBench();
  const { enforcer, clock, log } = bench;
  enforcer.refuse = ({ address }) =>
    address === "192.0.2.9" ? "no jail" : undefined;
  await bench.start();
  await bench.act("Ban 9");
  for (let round = 0; round < 3; round++) {
    enforcer.down = "no socket";
    await bench.act(`Ban ${round}`);
    await clock.advance(30_000);
    enforcer.down = undefined;
    await clock.advance(60_000);
  }
  bench.holds(0, 1, 2);
  const told = log.records.filter(({ severity }) => severity !== "notice")
    .map(({ fields }) => fields["reason"]).filter((reason) => reason);
  deepStrictEqual(told, ["no jail", "no socket", "no socket", "no socket"]);
  strictEqual(
    log.events.filter((event) => event === "action works again").length,
    3,
  );
});

Deno.test("EnforcedAction retries no ban that is refused for good, and counts it", async () => {
  await using bench = new ActionBench({ resyncEveryMs: 10_000 });
  const { enforcer, clock } = bench;
  enforcer.forbids = ({ address }) =>
    address === "192.0.2.9" ? "ignoreip forbids it" : undefined;
  await bench.start();
  await bench.act("Ban 9", "Ban 1");
  bench.holds(1);
  const { failures, refused, failing, lastReason } = bench.action.figures;
  deepStrictEqual([failures, refused, failing, lastReason], [
    0,
    1,
    0,
    undefined,
  ]);
  const before = enforcer.calls.length;
  await clock.advance(9_000);
  strictEqual(enforcer.calls.length, before);
  enforcer.forbids = () => undefined;
  await clock.advance(2_000);
  bench.holds(1, 9);
  strictEqual(bench.action.counters.missing, 0);
  deepStrictEqual(bench.takeReceipts(), [
    "9 refused ignoreip forbids it",
    "1 applied",
    "9 applied",
  ]);
});

Deno.test("EnforcedAction says in its figures why it can't even begin, until it can", async () => {
  await using bench = new ActionBench();
  bench.enforcer.down = "no socket";
  await bench.start();
  await bench.act("Ban 1");
  strictEqual(bench.action.figures["lastReason"], "no socket");
  bench.enforcer.down = undefined;
  await bench.clock.advance(1_000);
  strictEqual(bench.action.figures["lastReason"], undefined);
});

Deno.test("EnforcedAction logs the hint of what keeps it from beginning", async () => {
  await using bench = new ActionBench();
  bench.enforcer.down = "no socket";
  await bench.start();
  const hints = bench.log.records.flatMap(({ fields }) => fields["hint"] ?? []);
  deepStrictEqual(hints, ["a test said so"]);
});

Deno.test("EnforcedAction misses no ban that lapses near a comparison", async () => {
  await using bench = new ActionBench({
    lapses: true,
    banTimeMs: 10_000,
    resyncEveryMs: 11_200,
  });
  await bench.start();
  await bench.clock.advance(1_050);
  await bench.act("Ban 1");
  await bench.clock.advance(30_000);
  strictEqual(bench.action.counters.missing, 0);
  deepStrictEqual(
    bench.log.events.filter((event) => /differed/.test(event)),
    [],
  );
});

Deno.test("EnforcedAction lifts a ban that could not be prolonged and is unbanned", async () => {
  await using bench = new ActionBench({ lapses: true });
  await bench.start();
  await bench.act("Ban 1");
  await bench.clock.advance(10_000);
  bench.enforcer.refuse = (_, verb) =>
    verb === "apply" ? "set is full" : undefined;
  await bench.act("Ban 1");
  await bench.act("Unban 1");
  await bench.clock.advance(20_000);
  bench.holds();
});

Deno.test("EnforcedAction is at work again within a minute after a long outage", async () => {
  await using bench = new ActionBench();
  await bench.start();
  bench.enforcer.down = "no socket";
  await bench.act("Ban 1");
  await bench.clock.advance(200_000);
  bench.enforcer.down = undefined;
  await bench.clock.advance(61_000);
  bench.holds(1);
});

Deno.test("EnforcedAction forgets a ban once that came and went while nothing worked", async () => {
  await using bench = new ActionBench();
  bench.enforcer.down = "no socket";
  await bench.start();
  for (let round = 0; round < 100; round++) await bench.act("Ban 1", "Unban 1");
  let most = 0;
  const settle = bench.ledger.recordOutcome.bind(bench.ledger);
  bench.ledger.recordOutcome = (action, bans) => {
    most = Math.max(most, bans.length);
    settle(action, bans);
  };
  bench.enforcer.down = undefined;
  await bench.clock.advance(60_000);
  strictEqual(most, 1);
});

Deno.test("EnforcedAction compares at once when the enforcer says that something happened", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1");
  bench.enforcer.lose();
  bench.enforcer.disturbances++;
  await bench.act("Ban 2");
  bench.holds(1, 2);
  strictEqual(bench.action.counters.missing, 1);
  const before = bench.enforcer.calls.length;
  await bench.act("Ban 3");
  deepStrictEqual(bench.enforcer.calls.slice(before), [
    "apply 192.0.2.3",
    "list",
  ]);
});

Deno.test("EnforcedAction gives a receipt for what really happened to each ban, for each failure once", async () => {
  await using bench = new ActionBench();
  const { enforcer, clock } = bench;
  enforcer.refuse = ({ address }) =>
    address === "192.0.2.2" ? "no jail" : undefined;
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  await clock.advance(8_000);
  deepStrictEqual(bench.takeReceipts(), ["1 applied", "2 failed no jail"]);
  enforcer.refuse = () => "no set";
  await clock.advance(40_000);
  deepStrictEqual(bench.takeReceipts(), ["2 failed no set"]);
  enforcer.refuse = () => undefined;
  await clock.advance(40_000);
  deepStrictEqual(bench.takeReceipts(), ["2 applied"]);
  enforcer.down = "no socket";
  await bench.act("Unban 1");
  await clock.advance(10_000);
  deepStrictEqual(bench.takeReceipts(), ["1 failed no socket"]);
  enforcer.down = undefined;
  await clock.advance(60_000);
  deepStrictEqual(bench.takeReceipts(), ["1 lifted"]);
  await bench.act("Ban 1");
  const { atMs, ...receipt } = bench.receipts[0] ?? {};
  deepStrictEqual(receipt, {
    jail: "nginx",
    address: "192.0.2.1",
    action: "memory",
    outcome: "applied",
    detail: "",
  });
  strictEqual(atMs, clock.nowMs());
});
