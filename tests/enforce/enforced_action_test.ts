import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { jail } from "../support/values/core_values.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ActionBench } from "../support/bench/action_bench.ts";

const HOUR_MS = 3_600_000;

Deno.test("EnforcedAction applies bans, lifts unbanned ones, tells of both and counts them", async () => {
  await using bench = new ActionBench();
  const { action, enforcer, log } = bench;
  strictEqual(action.name, "memory");
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  bench.holds(1, 2);
  await bench.act("Unban 1");
  bench.holds(2);
  deepStrictEqual(enforcer.calls, [
    "check",
    "list",
    "apply 192.0.2.1 192.0.2.2",
    "list",
    "lift 192.0.2.1",
    "list",
  ]);
  deepStrictEqual(action.figures, {
    applied: 2,
    lifted: 1,
    failures: 0,
    protected: 0,
    missing: 0,
    surplus: 0,
    comparisonsFailed: 0,
    inForceAgeSeconds: 0,
    inForce: 1,
    waiting: 0,
    failing: 0,
    refused: 0,
  });
  const fields = { action: "memory", node: "web-1", jail: "fail2bancluster" };
  const severity = "notice";
  deepStrictEqual(log.records.slice(1), [{
    ...{ severity, event: "applied bans" },
    fields: { ...fields, count: 2, addresses: "192.0.2.1,192.0.2.2" },
  }, {
    ...{ severity, event: "lifted ban" },
    fields: {
      ...{ ...fields, address: "192.0.2.1" },
      ...{ id: undefined, change: undefined },
    },
  }]);
});

Deno.test("EnforcedAction does nothing before it can ask what is in force, and then all of it", async () => {
  await using bench = new ActionBench();
  bench.enforcer.down = "no socket";
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Unban 2");
  deepStrictEqual(bench.enforcer.calls, ["check"]);
  bench.notes(1);
  bench.enforcer.down = undefined;
  await bench.clock.advance(1_000);
  bench.holds(1);
  bench.notes(1);
  deepStrictEqual(bench.enforcer.calls.slice(1), [
    "check",
    "list",
    "apply 192.0.2.1",
    "list",
  ]);
});

Deno.test("EnforcedAction notes bans before it applies them, and forgets them once they are lifted", async () => {
  await using bench = new ActionBench();
  const { enforcer, ledger } = bench;
  const noted: boolean[] = [];
  enforcer.beforeApply = (bans) =>
    noted.push(...bans.map((ban) => ledger.has("memory", ban)));
  enforcer.refuse = (_, verb) => verb === "lift" ? "busy" : undefined;
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  deepStrictEqual(noted, [true, true]);
  await bench.act("Unban 1");
  bench.notes(2);
  deepStrictEqual(bench.marks, ["1 applied", "2 applied"]);
  enforcer.refuse = () => undefined;
  await bench.clock.advance(1_000);
  bench.holds(2);
  deepStrictEqual(bench.marks, ["2 applied"]);
});

Deno.test("EnforcedAction forgets bans that came to nothing, and keeps those that are still wanted", async () => {
  await using bench = new ActionBench();
  bench.enforcer.refuse = () => "no jail";
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "Unban 2", "Ban 3", "Unban 3", "Ban 3");
  bench.notes(1, 3);
  await bench.act("Unban 1", "Ban 4", "Unban 4");
  await bench.clock.advance(1_000);
  bench.notes(3);
});

Deno.test("EnforcedAction writes the ledger once for many events", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act(...Array.from({ length: 100 }, (_, last) => `Ban ${last}`));
  strictEqual(bench.ledger.writes, 1);
});

Deno.test("EnforcedAction enforces bans that can't be noted, and complains once", async () => {
  await using bench = new ActionBench();
  await bench.start();
  bench.ledger.failure = new RuntimeError("disk full", { hint: "" });
  await bench.act("Ban 1");
  await bench.act("Ban 2", "Unban 1");
  bench.holds(2);
  bench.ledger.failure = undefined;
  await bench.act("Ban 3");
  deepStrictEqual(
    bench.log.events.filter((event) => event.startsWith("bans are")),
    ["bans are not noted", "bans are noted again"],
  );
});

Deno.test("EnforcedAction lifts a ban whose time is over though nobody unbans it, within a second or two", async () => {
  await using bench = new ActionBench({ banTimeMs: 60_000 });
  await bench.start();
  await bench.act("Ban 1");
  await bench.clock.advance(59_900);
  bench.holds(1);
  await bench.clock.advance(2_100);
  bench.holds();
  bench.notes();
  strictEqual(bench.action.counters.lifted, 1);
});

Deno.test("EnforcedAction leaves it to an enforcer that lapses to end bans, and forgets them", async () => {
  await using bench = new ActionBench({ banTimeMs: 60_000, lapses: true });
  await bench.start();
  await bench.act("Ban 1");
  await bench.clock.advance(30_000);
  await bench.act("Ban 1");
  await bench.clock.advance(31_000);
  bench.holds(1);
  await bench.clock.advance(31_000);
  bench.holds();
  bench.notes();
  const changes = bench.enforcer.calls.filter((call) =>
    call !== "check" && call !== "list"
  );
  deepStrictEqual(changes, ["apply 192.0.2.1", "apply 192.0.2.1"]);
});

Deno.test("EnforcedAction never ends a ban where the ban time has no end", async () => {
  await using bench = new ActionBench({ banTimeMs: Infinity });
  await bench.start();
  await bench.act("Ban 1");
  await bench.clock.advance(120_000);
  bench.holds(1);
  bench.notes(1);
});

Deno.test("EnforcedAction goes by the jail map", async () => {
  await using bench = new ActionBench({ jailMap: "nginx-* = web" });
  await bench.start();
  await bench.act(
    "web-1|nginx-a|Ban|192.0.2.1",
    "web-1|sshd|Ban|192.0.2.1",
    "db-1|nginx-b|Ban|192.0.2.1",
    "web-1|nginx-a|Unban|192.0.2.1",
  );
  deepStrictEqual(bench.enforcer.keys, [
    "fail2bancluster|192.0.2.1",
    "web|192.0.2.1",
  ]);
});

Deno.test("EnforcedAction lets bugs of the enforcer out", async () => {
  for (const call of ["check", "apply"]) {
    await using bench = new ActionBench();
    if (call === "check") bench.enforcer.bug = new TypeError("a bug");
    await bench.start();
    if (call === "apply") {
      bench.enforcer.bug = new TypeError("a bug");
      await bench.act("Ban 1");
    }
    await rejects(bench.ended(), /^TypeError: a bug$/);
    strictEqual(bench.clock.delays, 0, "nothing is left waiting");
  }
});

Deno.test("EnforcedAction ends at once when it is aborted, whatever it waits for", async () => {
  const waits: Record<string, (bench: ActionBench) => Promise<void>> = {
    "the enforcer to work": async (bench) => {
      bench.enforcer.down = "no socket";
      await bench.start();
    },
    "the first answer": async (bench) => {
      bench.enforcer.paused = true;
      await bench.start();
    },
    "something to do": (bench) => bench.start(),
    "bans to be applied": async (bench) => {
      await bench.start();
      bench.enforcer.paused = true;
      await bench.act("Ban 1");
    },
    "another try": async (bench) => {
      await bench.start();
      bench.enforcer.down = "no socket";
      await bench.act("Ban 1");
    },
    "a list": async (bench) => {
      await bench.start();
      bench.enforcer.paused = true;
      await bench.clock.advance(600_000);
      strictEqual(bench.enforcer.calls.at(-1), "list");
    },
  };
  for (const [what, wait] of Object.entries(waits)) {
    await using bench = new ActionBench();
    await wait(bench);
    await bench.stop();
    strictEqual(bench.clock.delays, 0, what);
    const calls = bench.enforcer.calls.length;
    await bench.clock.advance(HOUR_MS);
    strictEqual(bench.enforcer.calls.length, calls, what);
  }
});

Deno.test("EnforcedAction that was aborted before it began does nothing", async () => {
  const bench = new ActionBench();
  await bench.action.run(AbortSignal.abort());
  ok(bench.enforcer.calls.length <= 1);
  bench.holds();
  strictEqual(bench.clock.delays, 0);
});

Deno.test("EnforcedAction tells jails apart where the host bans an address itself", async () => {
  await using bench = new ActionBench();
  bench.enforcer.put(bench.ban(1, HOUR_MS, jail("sshd")));
  await bench.start();
  await bench.act("Ban 1", "Unban 1");
  deepStrictEqual(bench.enforcer.keys, ["sshd|192.0.2.1"]);
});

Deno.test("EnforcedAction keeps the receipts that find no room, counts them, and tells those still in force when asked", async () => {
  await using bench = new ActionBench();
  await bench.start();
  bench.hasRoom = false;
  await bench.act("Ban 1", "Ban 2");
  deepStrictEqual(bench.takeReceipts(), []);
  strictEqual(bench.action.figures["receiptsUntold"], 2);
  await bench.act("Unban 1");
  deepStrictEqual(bench.takeReceipts(), ["1 lifted"]);
  strictEqual(bench.action.tellUntold(), false);
  deepStrictEqual(bench.takeReceipts(), ["2 applied"]);
  strictEqual(bench.action.figures["receiptsUntold"], undefined);
});
