import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ActionPlan } from "../../lib/enforce/action_plan.ts";
import { EnforcementReport } from "../../lib/enforce/enforcement_report.ts";
import type { BanState } from "../../lib/enforce/ban_ledger.ts";
import type { Enforcer, HostBan } from "../../lib/enforce/enforcer.ts";
import { Renewal } from "../../lib/enforce/renewal.ts";
import { bans } from "../support/enforce/enforcer_setup.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryEnforcer } from "../support/memory/memory_enforcer.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { host } from "../support/values/core_values.ts";

const SIGNAL = new AbortController().signal;

class RenewalBench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly plan = new ActionPlan({
    hostName: host("here"),
    lapses: false,
    maxBansAtOnce: 10,
  });
  /** Whom it was to renew, at each time. */
  readonly renewed: string[] = [];
  /** What was noted of it. */
  readonly begun: HostBan[] = [];
  readonly ended: BanState[] = [];
  failure: string | undefined;
  readonly renewal: Renewal;

  constructor(canRenew = true) {
    const { clock, log, plan } = this;
    const enforcer: Enforcer = new MemoryEnforcer({ clock });
    const renew: NonNullable<Enforcer["renew"]> = (bans, begin) => {
      begin(bans);
      if (this.failure !== undefined) throw new RuntimeError(this.failure);
      this.renewed.push(bans.map(({ address }) => address).join(" "));
      return Promise.resolve(10_000);
    };
    const report = new EnforcementReport({
      ...{ action: "memory", log, clock },
      jailsOf: () => [],
    });
    this.renewal = new Renewal({
      enforcer: canRenew ? Object.assign(enforcer, { renew }) : enforcer,
      ...{ clock, plan, report },
      ledger: {
        recordStart: (bans) => void this.begun.push(...bans),
        recordOutcome: (states) => void this.ended.push(...states),
      },
    });
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.renewal.renewInTime(SIGNAL);
  }
}

Deno.test("Renewal hands over what is in force and wanted, as often as the enforcer asks for it", async () => {
  const bench = new RenewalBench();
  const { plan, clock } = bench;
  const [one, two, three] = bans("192.0.2.1", "192.0.2.2", "192.0.2.3");
  for (const ban of [one, two, three]) {
    if (ban !== undefined) plan.update({ kind: "stands", ban });
  }
  const batch = plan.next(clock.monotonicMs());
  if (batch === undefined || two === undefined || three === undefined) {
    throw new Error("No batch");
  }
  plan.record(batch, [{ ban: three, reason: "no set" }], clock.monotonicMs());
  plan.update({ kind: "withdrawn", ban: two });
  await bench.pass(0);
  await bench.pass(9_999);
  deepStrictEqual(bench.renewed, ["192.0.2.1"]);
  await bench.pass(1);
  deepStrictEqual(bench.renewed, ["192.0.2.1", "192.0.2.1"]);
  deepStrictEqual(bench.begun, [one, one]);
  deepStrictEqual(
    bench.ended,
    [one, one].map((ban) => ({ ban, state: "applied" })),
  );
});

Deno.test("Renewal tells once that it can't be done, tries again, and tells that it can", async () => {
  const bench = new RenewalBench();
  bench.failure = "no socket";
  await bench.pass(0);
  await bench.pass(5_000);
  bench.failure = undefined;
  await bench.pass(5_000);
  deepStrictEqual(bench.renewed, [""]);
  deepStrictEqual(bench.log.records.map(({ event }) => event), [
    "action failed, and is tried again",
    "action works again",
  ]);
});

Deno.test("Renewal has nothing to do where bans end as they should", async () => {
  const bench = new RenewalBench(false);
  strictEqual(bench.renewal.nextAtMs, Infinity);
  await bench.pass(60_000);
  strictEqual(bench.renewal.nextAtMs, Infinity);
});
