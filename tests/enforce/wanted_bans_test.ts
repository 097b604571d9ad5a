import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import { banEvent, host } from "../support/values/core_values.ts";
import {
  ban,
  BAN_TIME_MS,
  listed,
  take,
  told,
  wantedBans,
} from "../support/bench/wanted_bench.ts";

Deno.test("WantedBans wants a reported ban for the ban time, and an unbanned one no longer", () => {
  const wanted = wantedBans();
  deepStrictEqual(wanted.update(banEvent("web-1|sshd|Ban|192.0.2.1"), 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  strictEqual(wanted.size, 1);
  deepStrictEqual(wanted.find(listed()), ban(61_000));
  deepStrictEqual(take(wanted, 2_000, "web-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 61000",
  ]);
  strictEqual(wanted.size, 0);
  strictEqual(wanted.find(listed()), undefined);
  deepStrictEqual(told(wanted.expire(1e9)), []);
});

Deno.test("WantedBans ends a ban when the ban time is over, unless it has none", () => {
  for (const banTimeMs of [BAN_TIME_MS, Infinity]) {
    const wanted = wantedBans({ banTimeMs });
    take(wanted, 1_000, "web-1|sshd|Ban|192.0.2.1");
    deepStrictEqual(told(wanted.expire(60_999)), []);
    deepStrictEqual(
      told(wanted.expire(61_000)),
      banTimeMs === Infinity
        ? []
        : ["lapsed fail2bancluster|192.0.2.1 until 61000"],
    );
  }
});

Deno.test("WantedBans prolongs a ban that is reported again, by whomever", () => {
  const wanted = wantedBans();
  take(wanted, 0, "web-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(
    take(
      wanted,
      30_000,
      "web-1|sshd|Ban|192.0.2.1",
      "db-1|sshd|Ban|192.0.2.1",
      "web-1|sshd|Unban|192.0.2.1",
    ),
    Array(3).fill("stands fail2bancluster|192.0.2.1 until 90000"),
  );
  deepStrictEqual(take(wanted, 31_000, "db-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 90000",
  ]);
});

Deno.test("WantedBans goes by the jail map, and holds each local jail's ban by itself", () => {
  const wanted = wantedBans({ map: "sshd = sshd, nginx-* = web" });
  deepStrictEqual(
    take(
      wanted,
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
  strictEqual(wanted.size, 1);
});

Deno.test("WantedBans lets nobody withdraw what another reported", () => {
  const wanted = wantedBans();
  wanted.endAdoption();
  take(wanted, 0, "web-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(
    take(
      wanted,
      0,
      "db-1|sshd|Unban|192.0.2.1",
      "web-1|nginx|Unban|192.0.2.1",
      "web-1|sshd|Unban|192.0.2.2",
    ),
    [],
  );
  strictEqual(wanted.size, 1);
});

Deno.test("WantedBans remembers a ban with its reporter and its end", () => {
  const wanted = wantedBans();
  deepStrictEqual(wanted.remember(ban(5_000)), [
    { kind: "stands", ban: ban(5_000) },
  ]);
  deepStrictEqual(take(wanted, 0, "db-1|sshd|Unban|192.0.2.1"), []);
  deepStrictEqual(take(wanted, 0, "web-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 5000",
  ]);
});

Deno.test("WantedBans remembers several reports of a ban, each to be taken back by its reporter", () => {
  const wanted = wantedBans();
  wanted.remember(ban(5_000));
  wanted.remember({ ...ban(9_000), origin: host("web-2") });
  wanted.endAdoption();
  deepStrictEqual(take(wanted, 0, "web-2|sshd|Unban|192.0.2.1"), [
    "stands fail2bancluster|192.0.2.1 until 5000",
  ]);
  deepStrictEqual(wanted.reportsOf(ban(0)).reports, [ban(5_000)]);
});

Deno.test("WantedBans remembers a ban in the jail that the map has for it by now", () => {
  const wanted = wantedBans({ map: "sshd = web" });
  deepStrictEqual(told(wanted.remember(ban(5_000))), [
    "stands web|192.0.2.1 until 5000",
  ]);
  const stray = { ...ban(5_000), origin: host("here") };
  deepStrictEqual(
    told(wanted.remember({ ...stray, reportedJail: CLUSTER_JAIL })),
    ["stands fail2bancluster|192.0.2.1 until 5000"],
    "what was found in the dedicated jail stays there",
  );
});

Deno.test("WantedBans goes by the end that is told, and by the ban time where none is", () => {
  const wanted = wantedBans();
  const event = banEvent("web-1|sshd|Ban|192.0.2.1");
  for (const expiresMs of [7_000, Infinity]) {
    deepStrictEqual(wanted.update({ ...event, expiresMs }, 1_000), [
      { kind: "stands", ban: ban(expiresMs) },
    ]);
  }
  deepStrictEqual(wanted.update(event, 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  deepStrictEqual(told(wanted.update({ ...event, expiresMs: 1_000 }, 1_000)), [
    "withdrawn fail2bancluster|192.0.2.1 until 61000",
  ]);
});

Deno.test("WantedBans of a copy takes any node's word for all, jail by jail", () => {
  const wanted = wantedBans({ wants: "copy" });
  take(
    wanted,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|sshd|Ban|192.0.2.1",
    "db-1|nginx|Ban|192.0.2.1",
  );
  deepStrictEqual(told(wanted.endAdoption()), []);
  deepStrictEqual(take(wanted, 0, "db-1|postfix|Unban|192.0.2.1"), []);
  deepStrictEqual(take(wanted, 0, "db-1|sshd|Unban|192.0.2.1"), [
    "stands fail2bancluster|192.0.2.1 until 60000",
  ]);
  deepStrictEqual(take(wanted, 0, "web-1|nginx|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 60000",
  ]);
});

Deno.test("WantedBans drops a ban whoever reported it", () => {
  const wanted = wantedBans();
  take(wanted, 0, "web-1|sshd|Ban|192.0.2.1", "db-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(told(wanted.remove(ban(0))), [
    "withdrawn fail2bancluster|192.0.2.1 until 60000",
  ]);
  deepStrictEqual(wanted.remove(ban(0)), []);
  deepStrictEqual(wanted.reportsOf(ban(0)).reports, []);
});
