import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import { banEvent, host, jail } from "../support/values/core_values.ts";
import {
  ban,
  BAN_TIME_MS,
  desiredReports,
  listed,
  take,
  told,
} from "../support/bench/desired_bench.ts";

Deno.test("DesiredReports wants a reported ban for the ban time, and an unbanned one no longer", () => {
  const desired = desiredReports();
  deepStrictEqual(desired.update(banEvent("web-1|sshd|Ban|192.0.2.1"), 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  strictEqual(desired.size, 1);
  deepStrictEqual(desired.find(listed()), ban(61_000));
  deepStrictEqual(take(desired, 2_000, "web-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 61000",
  ]);
  strictEqual(desired.size, 0);
  strictEqual(desired.find(listed()), undefined);
  deepStrictEqual(told(desired.expire(1e9)), []);
});

Deno.test("DesiredReports ends a ban when the ban time is over, unless it has none", () => {
  for (const banTimeMs of [BAN_TIME_MS, Infinity]) {
    const desired = desiredReports({ banTimeMs });
    take(desired, 1_000, "web-1|sshd|Ban|192.0.2.1");
    deepStrictEqual(told(desired.expire(60_999)), []);
    deepStrictEqual(
      told(desired.expire(61_000)),
      banTimeMs === Infinity
        ? []
        : ["lapsed fail2bancluster|192.0.2.1 until 61000"],
    );
  }
});

Deno.test("DesiredReports prolongs a ban that is reported again, by whomever", () => {
  const desired = desiredReports();
  take(desired, 0, "web-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(
    take(
      desired,
      30_000,
      "web-1|sshd|Ban|192.0.2.1",
      "db-1|sshd|Ban|192.0.2.1",
      "web-1|sshd|Unban|192.0.2.1",
    ),
    Array(3).fill("stands fail2bancluster|192.0.2.1 until 90000"),
  );
  deepStrictEqual(take(desired, 31_000, "db-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 90000",
  ]);
});

Deno.test("DesiredReports goes by the jail map, and holds each local jail's ban by itself", () => {
  const desired = desiredReports({ map: "sshd = sshd, nginx-* = web" });
  deepStrictEqual(
    take(
      desired,
      0,
      "web-1|sshd|Ban|192.0.2.1",
      "web-1|nginx-a|Ban|192.0.2.1",
      "web-1|nginx-b|Ban|192.0.2.1",
      "web-1|postfix|Ban|192.0.2.1",
      "web-1|nginx-a|Unban|192.0.2.1",
      "web-1|sshd|Unban|192.0.2.1",
      "web-1|nginx-b|Unban|192.0.2.1",
    ),
    [
      "stands sshd|192.0.2.1 until 60000",
      "stands web|192.0.2.1 until 60000",
      "stands web|192.0.2.1 until 60000",
      "stands fail2bancluster|192.0.2.1 until 60000",
      "stands web|192.0.2.1 until 60000",
      "withdrawn sshd|192.0.2.1 until 60000",
      "withdrawn web|192.0.2.1 until 60000",
    ],
  );
  strictEqual(desired.size, 1);
});

Deno.test("DesiredReports lets nobody withdraw what another reported", () => {
  const desired = desiredReports();
  desired.endAdoption();
  take(desired, 0, "web-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(
    take(
      desired,
      0,
      "db-1|sshd|Unban|192.0.2.1",
      "web-1|nginx|Unban|192.0.2.1",
      "web-1|sshd|Unban|192.0.2.2",
    ),
    [],
  );
  strictEqual(desired.size, 1);
});

Deno.test("DesiredReports remembers a ban with its reporter and its end", () => {
  const desired = desiredReports();
  deepStrictEqual(desired.remember([ban(5_000)]).changes, [
    { kind: "stands", ban: ban(5_000) },
  ]);
  deepStrictEqual(take(desired, 0, "db-1|sshd|Unban|192.0.2.1"), []);
  deepStrictEqual(take(desired, 0, "web-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 5000",
  ]);
});

Deno.test("DesiredReports remembers several reports of a ban, each to be taken back by its reporter", () => {
  const desired = desiredReports();
  desired.remember([ban(5_000)]);
  desired.remember([{ ...ban(9_000), origin: host("web-2") }]);
  desired.endAdoption();
  deepStrictEqual(take(desired, 0, "web-2|sshd|Unban|192.0.2.1"), [
    "stands fail2bancluster|192.0.2.1 until 5000",
  ]);
  deepStrictEqual(desired.reportsOf(ban(0)), [ban(5_000)]);
});

Deno.test("DesiredReports has the ledger hold, of what it remembers, only what goes to another jail", () => {
  const desired = desiredReports({ map: "sshd = web" });
  const moved = ban(5_000);
  const unmoved = ban(6_000, jail("web"));
  const { jail: before, address } = moved;
  deepStrictEqual(desired.remember([unmoved]).notes, []);
  deepStrictEqual(desired.remember([moved]).notes, [
    { jail: before, address, reports: [] },
    { jail: jail("web"), address, reports: [{ ...moved, jail: jail("web") }] },
  ]);
});

Deno.test("DesiredReports remembers a ban in the jail that the map has for it by now", () => {
  const desired = desiredReports({ map: "sshd = web" });
  deepStrictEqual(told(desired.remember([ban(5_000)]).changes), [
    "stands web|192.0.2.1 until 5000",
  ]);
  const stray = { ...ban(5_000), origin: host("here") };
  deepStrictEqual(
    told(desired.remember([{ ...stray, reportedJail: CLUSTER_JAIL }]).changes),
    ["stands fail2bancluster|192.0.2.1 until 5000"],
    "what was found in the dedicated jail stays there",
  );
});

Deno.test("DesiredReports goes by the end that is told, and by the ban time where none is", () => {
  const desired = desiredReports();
  const event = banEvent("web-1|sshd|Ban|192.0.2.1");
  for (const expiresMs of [7_000, Infinity]) {
    deepStrictEqual(desired.update({ ...event, expiresMs }, 1_000), [
      { kind: "stands", ban: ban(expiresMs) },
    ]);
  }
  deepStrictEqual(desired.update(event, 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  deepStrictEqual(told(desired.update({ ...event, expiresMs: 1_000 }, 1_000)), [
    "withdrawn fail2bancluster|192.0.2.1 until 61000",
  ]);
});

Deno.test("DesiredReports drops a ban whoever reported it", () => {
  const desired = desiredReports();
  take(desired, 0, "web-1|sshd|Ban|192.0.2.1", "db-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(told(desired.remove(ban(0))), [
    "withdrawn fail2bancluster|192.0.2.1 until 60000",
  ]);
  deepStrictEqual(desired.remove(ban(0)), []);
  deepStrictEqual(desired.reportsOf(ban(0)), []);
});
