import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import { isOurs } from "../../lib/enforce/desired_bans.ts";
import {
  address,
  banEvent,
  host,
  jail,
} from "../support/values/core_values.ts";
import {
  ban,
  desiredReports,
  listed,
  take,
  told,
} from "../support/bench/desired_bench.ts";

Deno.test("DesiredReports takes over a stray ban until its end or for the ban time", () => {
  const stray = (expiresMs: number) => ({
    ...ban(expiresMs),
    origin: host("here"),
    reportedJail: CLUSTER_JAIL,
  });
  const cases = [[9_000, 9_000], [undefined, 61_000], [Infinity, Infinity]];
  for (const [listedMs, expiresMs = NaN] of cases) {
    const desired = desiredReports();
    deepStrictEqual(desired.adopt(listed(listedMs), 1_000), [
      { kind: "stands", ban: stray(expiresMs) },
    ]);
    strictEqual(desired.size, 1);
  }
});

Deno.test("DesiredReports lets anybody withdraw a ban that was taken over", () => {
  const desired = desiredReports();
  desired.adopt(listed(9_000), 0);
  desired.endAdoption();
  deepStrictEqual(take(desired, 0, "db-1|nginx|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 9000",
  ]);
});

Deno.test("DesiredReports ends with the adoption what was withdrawn before it", () => {
  const early = (...texts: string[]) => {
    const desired = desiredReports();
    take(desired, 0, ...texts);
    return desired;
  };
  const remembered = early("web-1|sshd|Unban|192.0.2.1");
  remembered.remember([ban(5_000)]);
  deepStrictEqual(told(remembered.endAdoption()), [
    "withdrawn fail2bancluster|192.0.2.1 until 5000",
  ]);
  deepStrictEqual(told(remembered.endAdoption()), [], "once");
  const found = early("web-1|sshd|Unban|192.0.2.1");
  found.adopt(listed(5_000), 0);
  deepStrictEqual(told(found.endAdoption()), [
    "withdrawn fail2bancluster|192.0.2.1 until 5000",
  ]);
  const another = early("db-1|sshd|Unban|192.0.2.1");
  another.remember([ban(5_000)]);
  deepStrictEqual(told(another.endAdoption()), []);
});

Deno.test("DesiredReports keeps apart what several nodes withdrew before the adoption", () => {
  const desired = desiredReports();
  take(
    desired,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "db-1|sshd|Unban|192.0.2.1",
    "db-1|nginx|Ban|192.0.2.1",
  );
  desired.remember([ban(90_000)]);
  deepStrictEqual(told(desired.endAdoption()), [
    "stands fail2bancluster|192.0.2.1 until 60000",
  ]);
});

Deno.test("DesiredReports goes by what a node said last before the adoption", () => {
  const desired = desiredReports();
  take(
    desired,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|sshd|Ban|192.0.2.1",
  );
  deepStrictEqual(told(desired.endAdoption()), []);
  strictEqual(desired.size, 1);
});

Deno.test("DesiredReports remembers nothing of what was withdrawn after the adoption", () => {
  const desired = desiredReports();
  desired.endAdoption();
  take(desired, 0, "web-1|sshd|Unban|192.0.2.1");
  desired.adopt(listed(5_000), 0);
  deepStrictEqual(desired.endAdoption(), []);
  strictEqual(desired.size, 1);
});

Deno.test("DesiredReports remembers 100,000 early unbans, the last ones", () => {
  const desired = desiredReports();
  const unban = (index: number) =>
    banEvent(`n${index}|sshd|Unban|192.0.2.${index % 2 + 1}`);
  for (let index = 0; index < 100_001; index++) desired.update(unban(index), 0);
  desired.remember([{ ...ban(5_000), origin: host("n0") }]);
  const second = { ...ban(5_000), address: address("192.0.2.2") };
  desired.remember([{ ...second, origin: host("n1") }]);
  deepStrictEqual(told(desired.endAdoption()), [
    "withdrawn fail2bancluster|192.0.2.2 until 5000",
  ]);
});

Deno.test("DesiredReports leaves out and counts what there is no room for", () => {
  const desired = desiredReports({ maxBans: 1 });
  take(desired, 0, "a|sshd|Ban|192.0.2.1", "a|sshd|Ban|192.0.2.2");
  strictEqual(desired.leftOut, 1);
  strictEqual(desired.size, 1);
});

Deno.test("isOurs() tells the dedicated jail from every other", () => {
  ok(isOurs({ jail: CLUSTER_JAIL }));
  ok(!isOurs({ jail: jail("sshd") }));
  ok(!isOurs({ jail: jail("Fail2banCluster") }));
});
