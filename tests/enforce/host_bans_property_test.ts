import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type HostBanChange,
  HostBans,
  type HostReport,
} from "../../lib/enforce/host_bans.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const MAX_BANS = 3;

interface Held {
  readonly report: HostReport;
  readonly endsMs: number;
}

/** The table as one list of reports that is searched from end to end. */
class Model {
  held: Held[] = [];
  leftOut = 0;
  #lookedAtMs = -Infinity;

  report(report: HostReport, endsMs: number): string[] {
    const isNew = endOf(this.held, report) === undefined;
    if (isNew && this.bans.length >= MAX_BANS) {
      this.leftOut++;
      return [];
    }
    this.held = this.held.filter((it) => !isSameReport(it.report, report));
    this.held.push({ report, endsMs });
    return [`stands ${banOf(report)} ${endOf(this.held, report)}`];
  }

  withdraw(report: HostReport): string[] | undefined {
    const before = endOf(this.held, report);
    const left = this.held.filter((it) => !isSameReport(it.report, report));
    if (left.length === this.held.length) return undefined;
    const after = endOf(left, report) ?? -Infinity;
    if (after <= this.#lookedAtMs) {
      this.held = left.filter((it) => banOf(it.report) !== banOf(report));
      return [`withdrawn ${banOf(report)} ${before}`];
    }
    this.held = left;
    return [`stands ${banOf(report)} ${after}`];
  }

  lapse(nowMs: number): string[] {
    this.#lookedAtMs = nowMs;
    const over = this.bans.filter((ban) => {
      const endMs = Number(ban.split(" ")[1]);
      return Math.ceil(endMs / 1_000) * 1_000 <= nowMs;
    });
    this.held = this.held.filter(({ report }) =>
      !over.includes(`${banOf(report)} ${endOf(this.held, report)}`)
    );
    return over.map((ban) => `lapsed ${ban}`);
  }

  get bans(): string[] {
    return [
      ...new Set(
        this.held.map(({ report }) =>
          `${banOf(report)} ${endOf(this.held, report)}`
        ),
      ),
    ].sort();
  }
}

function endOf(held: readonly Held[], report: HostReport): number | undefined {
  const ends = held.filter((it) => banOf(it.report) === banOf(report))
    .map(({ endsMs }) => endsMs);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function banOf({ jail, address }: HostReport): string {
  return `${jail}|${address}`;
}

function isSameReport(left: HostReport, right: HostReport): boolean {
  return banOf(left) === banOf(right) && left.origin === right.origin &&
    left.reportedJail === right.reportedJail;
}

function told(changes: readonly HostBanChange[] | undefined) {
  return changes?.map(({ kind, ban }) =>
    `${kind} ${ban.jail}|${ban.address} ${ban.expiresMs}`
  ).sort();
}

const anyReport: fc.Arbitrary<HostReport> = fc.record({
  origin: fc.constantFrom(host("a"), host("b")),
  reportedJail: fc.constantFrom(jail("sshd"), jail("nginx")),
  jail: fc.constantFrom(jail("sshd"), jail("web")),
  address: fc.constantFrom(address("192.0.2.1"), address("2001:db8::/48")),
}, { noNullPrototype: true });
const anyTime = fc.oneof(
  fc.integer({ min: -3_000, max: 20_000 }),
  fc.integer({ min: 0, max: 20 }).map((seconds) => seconds * 1_000),
  fc.integer({ min: 0, max: 1e12 }),
);
const anyStep = fc.oneof(
  fc.record({
    do: fc.constant("report" as const),
    report: anyReport,
    endsMs: fc.oneof({ weight: 5, arbitrary: anyTime }, fc.constant(Infinity)),
  }),
  fc.record({ do: fc.constant("withdraw" as const), report: anyReport }),
  fc.record({ do: fc.constant("lapse" as const), nowMs: anyTime }),
);

Deno.test("HostBans does as a list that is searched from end to end, whatever comes when", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60, size: "max" }), (steps) => {
      const table = new HostBans({ maxBans: MAX_BANS });
      const model = new Model();
      for (const step of steps) {
        switch (step.do) {
          case "report":
            deepStrictEqual(
              told(table.report(step.report, step.endsMs)),
              model.report(step.report, step.endsMs),
            );
            break;
          case "withdraw":
            deepStrictEqual(
              told(table.withdraw(step.report)),
              model.withdraw(step.report),
            );
            break;
          case "lapse":
            deepStrictEqual(
              told(table.expire(step.nowMs)),
              model.lapse(step.nowMs),
            );
            break;
        }
        const bans = [...table.bans()].map((ban) =>
          `${banOf(ban)} ${ban.expiresMs}`
        );
        deepStrictEqual(bans.sort(), model.bans);
        strictEqual(table.size, model.bans.length);
        strictEqual(table.leftOut, model.leftOut);
      }
    }),
    { numRuns: 2_000 },
  );
});
