import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Ban, type Change, keyOf } from "../../lib/ban/ban.ts";
import { evolve, withoutExpired } from "../../lib/ban/ban_decision.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const ADDRESSES = [
  ...["192.0.2.1", "192.0.2.2", "255.255.255.255", "192.0.2.0/24"],
  ...["0.0.0.0/0", "2001:db8::1", "2001:db8::1:1", "2001:db8::/48", "::2"],
].map(address);
const JAILS = ["sshd", "nginx-http-auth"].map(jail);
const ORIGINS = ["web1", "web2", "web3"].map(host);

const anyStep = fc.record({
  kind: fc.constantFrom("report", "report", "report", "withdraw", "lift"),
  address: fc.constantFrom(...ADDRESSES),
  jail: fc.constantFrom(...JAILS),
  origin: fc.constantFrom(...ORIGINS),
  lastsMs: fc.constantFrom(0.5, 1_000, 5_000, 9_500, 20_000, Infinity),
  isPending: fc.boolean(),
  waitMs: fc.constantFrom(0, 0, 0, 1_000, 4_000, 30_000),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** The table as a plain map. */
class Model {
  readonly bans = new Map<string, Ban>();

  apply(change: Change): void {
    this.#put(keyOf(change), evolve(this.bans.get(keyOf(change)), change));
  }

  expire(nowMs: number): void {
    for (const [key, ban] of this.bans) {
      if (ban.reports.every(({ expiresMs }) => expiresMs > nowMs)) continue;
      this.#put(key, withoutExpired(ban, nowMs));
    }
  }

  #put(key: string, ban: Ban | undefined): void {
    if (ban === undefined) this.bans.delete(key);
    else this.bans.set(key, ban);
  }
}

function changeOf(step: Step, seq: number, nowMs: number): Change {
  const { kind, jail, address, origin, isPending } = step;
  const base = { seq, atMs: nowMs, jail, address };
  switch (kind) {
    case "report":
      return {
        ...{ kind, ...base, origin, isPending },
        expiresMs: nowMs + step.lastsMs,
      };
    case "withdraw":
      return { kind, ...base, origin };
    default:
      return { kind: "lift", ...base, by: origin };
  }
}

function byKey(bans: Iterable<Ban>): Map<string, Ban> {
  const all = [...bans];
  const map = new Map(all.map((ban) => [keyOf(ban), ban]));
  strictEqual(map.size, all.length, "each once");
  return map;
}

function sameAs(table: BanTable, model: Model): void {
  const expected = model.bans;
  deepStrictEqual(byKey(table.bans()), expected);
  strictEqual(table.size, expected.size);
  for (const address of ADDRESSES) {
    const of = byKey(table.ofAddress(address));
    const all = [...expected].filter(([, ban]) => ban.address === address);
    deepStrictEqual(of, new Map(all));
    for (const jail of JAILS) {
      const ban = expected.get(keyOf({ jail, address }));
      deepStrictEqual(table.find({ jail, address }), ban);
    }
  }
  for (const origin of ORIGINS) {
    const reports = [...expected.values()].flatMap((ban) => ban.reports)
      .filter((report) => report.origin === origin);
    strictEqual(table.reportsOf(origin), reports.length);
    strictEqual([...table.origins()].includes(origin), reports.length > 0);
  }
}

Deno.test("BanTable is a map of bans, whatever happens to it", () => {
  fc.assert(fc.property(
    fc.array(anyStep, { maxLength: 120 }),
    fc.integer(),
    (steps, hashSeed) => {
      const [table, model] = [new BanTable([], 0, hashSeed), new Model()];
      // Whole seconds: what ends in between is dropped at the end of its second.
      let nowMs = 0;
      for (const [index, step] of steps.entries()) {
        const change = changeOf(step, index + 1, nowMs);
        const before = model.bans.get(keyOf(change));
        model.apply(change);
        const taken = table.apply(change);
        deepStrictEqual(taken.before, before);
        deepStrictEqual(taken.after, model.bans.get(keyOf(change)));
        nowMs += step.waitMs;
        table.expire(nowMs);
        model.expire(nowMs);
        sameAs(table, model);
      }
      sameAs(new BanTable(table.bans(), table.seq, ~hashSeed), model);
      const copy = new BanTable();
      // Whatever is there of the same keys gives way.
      for (const { columns } of table.columns(3)) copy.putColumns(columns);
      for (const { columns } of table.columns()) copy.putColumns(columns);
      sameAs(copy, model);
      copy.expire(Number.MAX_SAFE_INTEGER);
      model.expire(Number.MAX_SAFE_INTEGER);
      sameAs(copy, model);
    },
  ));
});

Deno.test("bans() gives what stands throughout once, whatever else changes meanwhile", () => {
  fc.assert(fc.property(
    fc.array(anyStep, { minLength: 20, maxLength: 60 }),
    fc.array(fc.record({ step: anyStep, looks: fc.nat(3) }), { maxLength: 40 }),
    (steps, meanwhile) => {
      const table = new BanTable();
      for (const step of steps) {
        table.apply(changeOf(step, table.seq + 1, 0));
      }
      const standing = new Set([...table.bans()].map(keyOf));
      const given: string[] = [];
      const bans = table.bans();
      const look = (): boolean => {
        const { value: ban } = bans.next();
        if (ban !== undefined) given.push(keyOf(ban));
        return ban !== undefined;
      };
      for (const { step, looks } of meanwhile) {
        for (let at = 0; at < looks; at++) look();
        const { after, before } = table.apply(
          changeOf(step, table.seq + 1, 0),
        );
        if (before !== undefined && after === undefined) {
          standing.delete(keyOf(before));
        }
      }
      while (look());
      for (const key of standing) {
        strictEqual(given.filter((each) => each === key).length, 1, key);
      }
    },
  ));
});

Deno.test("BanTable tells the row of a ban, the same for as long as it stands", () => {
  const table = new BanTable();
  const [first, second] = ADDRESSES;
  const [sshd] = JAILS;
  ok(first && second && sshd);
  const report = (address: typeof first, origin = "web1") =>
    table.apply({
      ...{ kind: "report", seq: table.seq + 1, atMs: 0, jail: sshd, address },
      ...{ origin: host(origin), expiresMs: Infinity, isPending: false },
    }).row;
  const row = report(first);
  const other = report(second);
  strictEqual(report(first, "web2"), row);
  strictEqual(table.rowOf({ jail: sshd, address: first }), row);
  const lift = { kind: "lift", atMs: 0, by: host("web1"), jail: sshd } as const;
  const ended = table.apply({ ...lift, seq: table.seq + 1, address: first });
  strictEqual(ended.row, row);
  strictEqual(table.rowOf({ jail: sshd, address: first }), -1);
  const none = table.apply({ ...lift, seq: table.seq + 1, address: first });
  strictEqual(none.row, -1);
  strictEqual(table.rowOf({ jail: sshd, address: second }), other);
});
