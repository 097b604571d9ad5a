import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { NetworkSet } from "../../lib/base/network_set.ts";
import type { ProtectionPolicy } from "../../lib/protection/protection_policy.ts";
import { ActionBench } from "../support/bench/action_bench.ts";
import { address, jail } from "../support/values/core_values.ts";

const RESYNC_MS = 10_000;

/** Rules that protect these as well. */
function ignoring(...texts: readonly string[]): ProtectionPolicy {
  const networks = texts.map((label) => ({ network: address(label), label }));
  return {
    minPrefix4Bits: 24,
    minPrefix6Bits: 48,
    guarded: [{ rule: "ignoreip", networks: new NetworkSet(networks) }],
  };
}

Deno.test("EnforcedAction does not apply what is protected, whoever gives it", async () => {
  await using bench = new ActionBench();
  bench.policy = ignoring("192.0.2.1");
  await bench.start();
  await bench.act("Ban 1", "Ban 2", "web-1|sshd|Ban|127.0.0.1");
  bench.holds(2);
  strictEqual(bench.action.counters.protected, 2);
  deepStrictEqual(
    bench.log.records.find(({ severity }) => severity === "warning"),
    {
      severity: "warning",
      event: "refused a protected address",
      fields: {
        node: "web-1",
        address: "192.0.2.1",
        rule: "ignoreip",
        because: "192.0.2.1",
      },
    },
  );
});

for (const lapses of [false, true]) {
  Deno.test(
    `EnforcedAction lifts within a second what comes to be protected, and keeps it lifted, where bans ${
      lapses ? "" : "don't "
    }end by themselves`,
    async () => {
      await using bench = new ActionBench({ lapses, resyncEveryMs: RESYNC_MS });
      await bench.start();
      await bench.act("Ban 1", "Ban 2");
      bench.policy = ignoring("192.0.2.1");
      await bench.clock.advance(1_000);
      bench.holds(2);
      bench.notes(2);
      await bench.clock.advance(2 * RESYNC_MS);
      bench.holds(2);
      strictEqual(bench.action.counters.protected, 1);
      deepStrictEqual(bench.takeReceipts(), [
        "1 applied",
        "2 applied",
        "1 refused ignoreip: 192.0.2.1",
        "1 lifted",
      ]);
    },
  );
}

Deno.test("EnforcedAction lifts at a start what came to be protected while it was away", async () => {
  await using bench = new ActionBench({
    banTimeMs: Infinity,
    resyncEveryMs: RESYNC_MS,
  });
  await bench.start();
  await bench.act("Ban 1", "Ban 2");
  await bench.restart(() => {
    bench.policy = ignoring("192.0.2.1");
  });
  bench.holds(2);
  bench.notes(2);
  // An operator may do the same by hand: nothing puts it back.
  bench.enforcer.lose(bench.ban(1));
  await bench.clock.advance(2 * RESYNC_MS);
  bench.holds(2);
});

Deno.test("EnforcedAction lifts at a start a protected ban of the dedicated jail that nobody knows of", async () => {
  await using bench = new ActionBench();
  bench.policy = ignoring("192.0.2.4");
  bench.enforcer.put(bench.ban(4));
  await bench.start();
  bench.holds();
});

Deno.test("EnforcedAction lifts what is protected once it can, when nothing worked at first", async () => {
  await using bench = new ActionBench();
  await bench.start();
  await bench.act("Ban 1");
  await bench.restart(() => {
    bench.policy = ignoring("192.0.2.1");
    bench.enforcer.down = "no socket";
  });
  await bench.clock.advance(5_000);
  bench.holds(1);
  bench.enforcer.down = undefined;
  await bench.clock.advance(8_000);
  bench.holds();
});

Deno.test("EnforcedAction leaves the host's own ban of a protected address to the host", async () => {
  await using bench = new ActionBench();
  const own = bench.ban(1, 1e6, jail("sshd"));
  bench.enforcer.put(own);
  await bench.start();
  bench.policy = ignoring("192.0.2.1");
  await bench.clock.advance(2_000);
  deepStrictEqual(bench.enforcer.keys, ["sshd|192.0.2.1"]);
});
