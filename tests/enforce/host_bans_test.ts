import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  type HostBanChange,
  HostBans,
  type HostReport,
} from "../../lib/enforce/host_bans.ts";
import { growth } from "../support/host/growth.ts";
import { address, host, jail } from "../support/values/core_values.ts";

/** As in `web-1/sshd 192.0.2.1 in web`; the address and the local jail may be left out. */
function report(text: string): HostReport {
  const [reporter = "", addressText = "192.0.2.1", , local = "web"] = text
    .split(" ");
  const [origin = "", reportedJail = ""] = reporter.split("/");
  return {
    origin: host(origin),
    reportedJail: jail(reportedJail),
    jail: jail(local),
    address: address(addressText),
  };
}

/** As in `stands 192.0.2.1 until 5000`. */
function told(changes: readonly HostBanChange[] | undefined): string[] {
  return (changes ?? []).map(({ kind, ban }) =>
    `${kind} ${ban.address} until ${ban.expiresMs}`
  );
}

const A = report("web-1/sshd");
const B = report("db-1/sshd");

Deno.test("HostBans holds a reported ban until its time is over", () => {
  const table = new HostBans();
  deepStrictEqual(table.report(A, 5_000), [{
    kind: "stands",
    ban: { ...A, expiresMs: 5_000 },
  }]);
  strictEqual(table.size, 1);
  deepStrictEqual(told(table.expire(4_999)), []);
  deepStrictEqual(table.find(A), { ...A, expiresMs: 5_000 });
  deepStrictEqual(told(table.expire(5_000)), ["lapsed 192.0.2.1 until 5000"]);
  strictEqual(table.find(A), undefined);
  deepStrictEqual([...table.bans()], []);
  deepStrictEqual(told(table.expire(1e12)), []);
});

Deno.test("HostBans ends a ban a second late at most, and never early", () => {
  for (const expiresMs of [0, 1, 999, 1_000, 1_001, 4_567.8, -1_500]) {
    const table = new HostBans();
    table.report(A, expiresMs);
    deepStrictEqual(table.expire(expiresMs - 0.1), [], `${expiresMs}`);
    strictEqual(table.expire(expiresMs + 999.9).length, 1, `${expiresMs}`);
  }
});

Deno.test("HostBans takes a report that is over already, and ends it at the next look", () => {
  const table = new HostBans();
  table.expire(50_000);
  table.report(A, 10_000);
  deepStrictEqual(told(table.expire(50_000)), ["lapsed 192.0.2.1 until 10000"]);
});

Deno.test("HostBans prolongs a report of the same node and jail, whatever case the node is written in", () => {
  const table = new HostBans();
  table.report(A, 5_000);
  deepStrictEqual(told(table.report(report("WEB-1/sshd"), 9_000)), [
    "stands 192.0.2.1 until 9000",
  ]);
  deepStrictEqual(told(table.expire(8_999)), []);
  deepStrictEqual(told(table.withdraw(A)), ["withdrawn 192.0.2.1 until 9000"]);
  strictEqual(table.size, 0);
});

Deno.test("HostBans holds a ban as long as the longest of its reports", () => {
  const table = new HostBans();
  table.report(A, 9_000);
  deepStrictEqual(table.report(B, 5_000), [{
    kind: "stands",
    ban: { ...B, expiresMs: 9_000 },
  }]);
  deepStrictEqual(told(table.expire(5_000)), []);
  deepStrictEqual(told(table.expire(9_000)), ["lapsed 192.0.2.1 until 9000"]);
});

Deno.test("HostBans holds a ban until the last of its reports is withdrawn", () => {
  const table = new HostBans();
  table.report(A, 9_000);
  table.report(B, 5_000);
  deepStrictEqual(told(table.withdraw(A)), ["stands 192.0.2.1 until 5000"]);
  strictEqual(table.withdraw(A), undefined);
  deepStrictEqual(told(table.withdraw(B)), ["withdrawn 192.0.2.1 until 5000"]);
  strictEqual(table.withdraw(B), undefined);
  deepStrictEqual(told(table.expire(9_000)), [], "nothing is left to end");
});

Deno.test("HostBans ends nothing sooner when the shorter of two reports is withdrawn", () => {
  const table = new HostBans();
  table.report(A, 9_000);
  table.report(B, 5_000);
  deepStrictEqual(told(table.withdraw(B)), ["stands 192.0.2.1 until 9000"]);
  deepStrictEqual(told(table.expire(8_999)), []);
  deepStrictEqual(told(table.expire(9_000)), ["lapsed 192.0.2.1 until 9000"]);
});

Deno.test("HostBans takes no report that is over for one that holds the ban", () => {
  const table = new HostBans();
  table.report(A, 5_000);
  table.report(B, 9_000);
  table.expire(6_000);
  deepStrictEqual(told(table.withdraw(B)), ["withdrawn 192.0.2.1 until 9000"]);
  strictEqual(table.size, 0);
});

Deno.test("HostBans tells nodes, reported jails, local jails and addresses apart", () => {
  const others = [
    "web-2/sshd",
    "web-1/nginx",
    "web-1/sshd 192.0.2.2",
    "web-1/sshd 192.0.2.1 in sshd",
    "web-1/sshd 192.0.2.0/24",
  ];
  for (const other of others) {
    const table = new HostBans();
    table.report(A, 5_000);
    strictEqual(table.withdraw(report(other)), undefined, other);
    table.report(report(other), 5_000);
    const isSameBan = table.size === 1;
    deepStrictEqual(
      told(table.withdraw(A)),
      isSameBan
        ? ["stands 192.0.2.1 until 5000"]
        : ["withdrawn 192.0.2.1 until 5000"],
      other,
    );
    deepStrictEqual(told(table.withdraw(report(other))).length, 1, other);
    strictEqual(table.size, 0, other);
  }
});

Deno.test("HostBans never ends a ban without end, until it is withdrawn", () => {
  const table = new HostBans();
  table.report(A, Infinity);
  table.report(B, 5_000);
  deepStrictEqual(table.expire(Number.MAX_SAFE_INTEGER), []);
  deepStrictEqual(told(table.withdraw(A)), [
    "withdrawn 192.0.2.1 until Infinity",
  ]);
  table.report(B, 5_000);
  table.report(B, Infinity);
  deepStrictEqual(table.expire(6_000), []);
  strictEqual(table.size, 1);
});

Deno.test("HostBans ends every ban that is over when the clock jumped ahead", () => {
  const table = new HostBans();
  table.expire(0);
  for (let index = 0; index < 5; index++) {
    table.report(report(`web-1/sshd 192.0.2.${index}`), (index + 1) * 1e9);
  }
  strictEqual(table.expire(3e9).length, 3);
  strictEqual(table.expire(1e13).length, 2);
});

Deno.test("HostBans keeps bans when the clock jumped back, and ends them at their time", () => {
  const table = new HostBans();
  table.expire(1_000_000);
  table.report(A, 1_005_000);
  deepStrictEqual(table.expire(0), []);
  deepStrictEqual(table.expire(1_004_000), []);
  table.report(B, 10_000);
  strictEqual(table.expire(10_000).length, 0, "the other report holds it");
  strictEqual(table.expire(1_005_000).length, 1);
});

Deno.test("HostBans leaves out and counts reports of new bans when it is full", () => {
  const table = new HostBans({ maxBans: 2 });
  const [c, d] = [report("a/b 192.0.2.3"), report("a/b 192.0.2.4")];
  table.report(A, 5_000);
  table.report(c, 6_000);
  deepStrictEqual(table.report(d, 7_000), []);
  strictEqual(table.leftOut, 1);
  strictEqual(table.withdraw(d), undefined);
  deepStrictEqual(told(table.report(B, 7_000)), [
    "stands 192.0.2.1 until 7000",
  ], "one that stands can still be prolonged");
  table.expire(6_000);
  strictEqual(table.report(d, 7_000).length, 1, "there is room again");
  strictEqual(table.leftOut, 1);
});

/** A table with so many reports of one ban, each for longer than the one before. */
function reportedBy(count: number): HostBans {
  const table = new HostBans();
  table.report(A, 1e9);
  for (let index = 0; index < count; index++) {
    table.report(report(`evil/jail-${index}`), 5_000 + index);
  }
  return table;
}

Deno.test("HostBans takes reports of one ban in time that grows with their number only", () => {
  const ratio = growth(1_000, reportedBy);
  ok(ratio < 4, `${ratio}; 1 is in proportion, 10 with the square`);
});

Deno.test("HostBans holds 256 reports of a ban, those that end last", () => {
  const table = reportedBy(10_000);
  deepStrictEqual(table.find(A), {
    ...report("evil/jail-9999"),
    expiresMs: 1e9,
  });
  strictEqual(table.withdraw(report("evil/jail-9744")), undefined);
  deepStrictEqual(told(table.withdraw(report("evil/jail-9745"))), [
    "stands 192.0.2.1 until 1000000000",
  ]);
  deepStrictEqual(told(table.withdraw(A)), ["stands 192.0.2.1 until 14999"]);
});

Deno.test("HostBans says what each who reported a ban wants, until it does not stand", () => {
  const table = new HostBans();
  deepStrictEqual(table.reportsOf(A), []);
  table.report(A, 9_000);
  table.report(B, 5_000);
  deepStrictEqual(table.reportsOf(A), [
    { ...A, expiresMs: 9_000 },
    { ...B, expiresMs: 5_000 },
  ]);
  table.withdraw(A);
  deepStrictEqual(table.reportsOf(A), [{ ...B, expiresMs: 5_000 }]);
  table.expire(5_000);
  deepStrictEqual(table.reportsOf(A), []);
});

Deno.test("HostBans drops a ban, whoever reported it", () => {
  const table = new HostBans();
  table.report(A, 9_000);
  table.report(B, 5_000);
  deepStrictEqual(told(table.remove(A)), ["withdrawn 192.0.2.1 until 9000"]);
  deepStrictEqual(table.remove(A), []);
  deepStrictEqual(table.expire(9_000), []);
});

Deno.test("HostBans lets a report replace and withdraw the one that is named alike", () => {
  const table = new HostBans({ nameOf: ({ reportedJail }) => reportedJail });
  table.report(A, 9_000);
  deepStrictEqual(told(table.report(B, 5_000)), [
    "stands 192.0.2.1 until 5000",
  ]);
  strictEqual(table.withdraw(report("web-1/nginx")), undefined);
  deepStrictEqual(told(table.withdraw(report("web-3/sshd"))), [
    "withdrawn 192.0.2.1 until 5000",
  ]);
});
