import { deepStrictEqual, rejects } from "node:assert/strict";
import { DesiredCopy } from "../../lib/enforce/desired_copy.ts";
import { ActionBench } from "../support/bench/action_bench.ts";
import { jail } from "../support/values/core_values.ts";

Deno.test("EnforcedAction of a copy remembers nothing as wanted, and notes what it applied", async () => {
  await using bench = new ActionBench({ source: DesiredCopy });
  await bench.act("Ban 1", "Ban 2");
  await bench.start();
  bench.holds(1, 2);
  bench.notes();
  deepStrictEqual(bench.marks, ["1 applied", "2 applied"]);
});

for (const lapses of [false, true]) {
  Deno.test(
    `EnforcedAction of a copy applies and lifts after a restart only what differs, where bans ${
      lapses ? "" : "don't "
    }end by themselves`,
    async () => {
      await using bench = new ActionBench({ source: DesiredCopy, lapses });
      await bench.act("Ban 1", "Ban 2", "Ban 3");
      await bench.start();
      await bench.stop();
      bench.renew();
      bench.enforcer.lose(bench.ban(2));
      const before = bench.enforcer.calls.length;
      await bench.act("Ban 1", "Ban 2", "Ban 3");
      await bench.start();
      bench.holds(1, 2, 3);
      deepStrictEqual(bench.enforcer.calls.slice(before), [
        "check",
        "list",
        "apply 192.0.2.2",
        "list",
      ]);
    },
  );
}

Deno.test("EnforcedAction of a copy lifts what was applied and the copy does not want, also where nobody lists it", async () => {
  for (const lists of [false, true]) {
    await using bench = new ActionBench({ source: DesiredCopy, lists });
    await bench.act("Ban 1", "Ban 2", "Ban 3");
    await bench.start();
    await bench.stop();
    bench.renew();
    const before = bench.enforcer.calls.length;
    await bench.act("Ban 2", "Ban 3", "Ban 4");
    await bench.start();
    bench.holds(2, 3, 4);
    deepStrictEqual(bench.enforcer.calls.slice(before), [
      "check",
      "list",
      "apply 192.0.2.4",
      ...(lists ? ["list"] : []),
      "lift 192.0.2.1",
    ]);
  }
});

Deno.test("EnforcedAction of a copy lifts in the dedicated jail what nobody knows of, and leaves other jails alone", async () => {
  await using bench = new ActionBench({ source: DesiredCopy });
  bench.enforcer.put(bench.ban(7));
  bench.enforcer.put(bench.ban(8, 1e6, jail("sshd")));
  await bench.act("Ban 1");
  await bench.start();
  deepStrictEqual(bench.enforcer.keys, [
    "fail2bancluster|192.0.2.1",
    "sshd|192.0.2.8",
  ]);
});

Deno.test("EnforcedAction of a copy lifts in any jail what it noted as its own", async () => {
  await using bench = new ActionBench({
    source: DesiredCopy,
    jailMap: "nginx = web",
  });
  await bench.act("Ban 1", "Ban 2");
  await bench.start();
  bench.enforcer.put(bench.ban(9, 1e6, jail("web")));
  await bench.stop();
  bench.renew();
  await bench.act("Ban 2");
  await bench.start();
  deepStrictEqual(bench.enforcer.keys, ["web|192.0.2.2", "web|192.0.2.9"]);
});

Deno.test("EnforcedAction of a copy wants nothing that a ledger of before remembers", async () => {
  await using bench = new ActionBench({ source: DesiredCopy });
  const { jail: inJail, address, ...rest } = bench.ban(5);
  const ban = { jail: inJail, address, ...rest };
  bench.ledger.want("memory", [{ jail: inJail, address, reports: [ban] }]);
  bench.ledger.recordStart("memory", [ban]);
  bench.enforcer.put(ban);
  await bench.start();
  bench.holds();
  bench.notes();
});

Deno.test("EnforcedAction of a copy goes by the end that each ban is told with", async () => {
  await using bench = new ActionBench({
    source: DesiredCopy,
    banTimeMs: 5_000,
  });
  const { clock } = bench;
  await bench.act("Ban 1");
  await bench.tell("Ban 2", clock.nowMs() + 60_000);
  await bench.tell("Ban 3", Infinity);
  await bench.start();
  await clock.advance(7_000);
  bench.holds(2, 3);
  await clock.advance(60_000);
  bench.holds(3);
  await bench.act("db-1|nginx|Unban|192.0.2.3");
  bench.holds();
});

Deno.test("EnforcedAction lifts all that it put in force when it is told to, and nothing of the host's own", async () => {
  for (const lists of [false, true]) {
    await using bench = new ActionBench({ lists, jailMap: "nginx = web" });
    await bench.start();
    const own = bench.ban(9, 1e6, jail("web"));
    bench.enforcer.put(own);
    await bench.act("Ban 1", "Ban 2");
    await bench.stop();
    bench.renew(DesiredCopy);
    await bench.action.liftAll(new AbortController().signal);
    deepStrictEqual(bench.enforcer.keys, ["web|192.0.2.9"]);
    bench.notes();
    deepStrictEqual(bench.marks, []);
  }
});

Deno.test("EnforcedAction says when it can't lift all", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1");
  await bench.stop();
  bench.renew(DesiredCopy);
  bench.enforcer.refuse = () => "busy";
  await rejects(
    bench.action.liftAll(new AbortController().signal),
    /^RuntimeError: not all bans are lifted: busy$/,
  );
});
