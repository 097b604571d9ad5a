import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { HostBanChange } from "../lib/host_bans.ts";
import { parseJailMap } from "../lib/jail_map.ts";
import { CLUSTER_JAIL } from "../lib/jail_name.ts";
import type { ListedBan, LocalBan } from "../lib/ports.ts";
import { isOurs, WantedBans, type WantsFrom } from "../lib/wanted_bans.ts";
import { address, banEvent, host, jail } from "./support/core_values.ts";

const BAN_TIME_MS = 60_000;
const IP = address("192.0.2.1");

function wantedBans(
  options: {
    map?: string;
    banTimeMs?: number;
    maxBans?: number;
    wants?: WantsFrom;
  } = {},
): WantedBans {
  const { map = "", banTimeMs = BAN_TIME_MS, ...others } = options;
  const jailMap = parseJailMap(map);
  ok(jailMap);
  return new WantedBans({
    hostName: host("here"),
    jailMap,
    banTimeMs,
    ...others,
  });
}

/** A ban of 192.0.2.1 as web-1 reported it from its jail sshd. */
function ban(expiresMs: number, jailName = CLUSTER_JAIL): LocalBan {
  return {
    jail: jailName,
    address: IP,
    expiresMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

function listed(expiresMs?: number, jailName = CLUSTER_JAIL): ListedBan {
  return { jail: jailName, address: IP, expiresMs };
}

/** As in `stands fail2bancluster|192.0.2.1 until 5000`. */
function told(changes: readonly HostBanChange[]): string[] {
  return changes.map(({ kind, ban }) =>
    `${kind} ${ban.jail}|${ban.address} until ${ban.expiresMs}`
  );
}

/** Tells what follows from events as on the wire. */
function take(wanted: WantedBans, nowMs: number, ...texts: string[]): string[] {
  return texts.flatMap((text) => told(wanted.take(banEvent(text), nowMs)));
}

Deno.test("WantedBans wants a reported ban for the ban time, and an unbanned one no longer", () => {
  const wanted = wantedBans();
  deepStrictEqual(wanted.take(banEvent("web-1|sshd|Ban|192.0.2.1"), 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  strictEqual(wanted.size, 1);
  deepStrictEqual(wanted.find(listed()), ban(61_000));
  deepStrictEqual(take(wanted, 2_000, "web-1|sshd|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 61000",
  ]);
  strictEqual(wanted.size, 0);
  strictEqual(wanted.find(listed()), undefined);
  deepStrictEqual(told(wanted.lapse(1e9)), []);
});

Deno.test("WantedBans ends a ban when the ban time is over, unless it has none", () => {
  for (const banTimeMs of [BAN_TIME_MS, Infinity]) {
    const wanted = wantedBans({ banTimeMs });
    take(wanted, 1_000, "web-1|sshd|Ban|192.0.2.1");
    deepStrictEqual(told(wanted.lapse(60_999)), []);
    deepStrictEqual(
      told(wanted.lapse(61_000)),
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
    deepStrictEqual(wanted.take({ ...event, expiresMs }, 1_000), [
      { kind: "stands", ban: ban(expiresMs) },
    ]);
  }
  deepStrictEqual(wanted.take(event, 1_000), [
    { kind: "stands", ban: ban(61_000) },
  ]);
  deepStrictEqual(told(wanted.take({ ...event, expiresMs: 1_000 }, 1_000)), [
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
  deepStrictEqual(told(wanted.drop(ban(0))), [
    "withdrawn fail2bancluster|192.0.2.1 until 60000",
  ]);
  deepStrictEqual(wanted.drop(ban(0)), []);
  deepStrictEqual(wanted.reportsOf(ban(0)).reports, []);
});

Deno.test("WantedBans takes over a stray ban until its end or for the ban time", () => {
  const stray = (expiresMs: number) => ({
    ...ban(expiresMs),
    origin: host("here"),
    reportedJail: CLUSTER_JAIL,
  });
  const cases = [[9_000, 9_000], [undefined, 61_000], [Infinity, Infinity]];
  for (const [listedMs, expiresMs = NaN] of cases) {
    const wanted = wantedBans();
    deepStrictEqual(wanted.adopt(listed(listedMs), 1_000), [
      { kind: "stands", ban: stray(expiresMs) },
    ]);
    strictEqual(wanted.size, 1);
  }
});

Deno.test("WantedBans lets anybody withdraw a ban that was taken over", () => {
  const wanted = wantedBans();
  wanted.adopt(listed(9_000), 0);
  wanted.endAdoption();
  deepStrictEqual(take(wanted, 0, "db-1|nginx|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 9000",
  ]);
});

Deno.test("WantedBans ends with the adoption what was withdrawn before it", () => {
  const early = (...texts: string[]) => {
    const wanted = wantedBans();
    take(wanted, 0, ...texts);
    return wanted;
  };
  const remembered = early("web-1|sshd|Unban|192.0.2.1");
  remembered.remember(ban(5_000));
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
  another.remember(ban(5_000));
  deepStrictEqual(told(another.endAdoption()), []);
});

Deno.test("WantedBans keeps apart what several nodes withdrew before the adoption", () => {
  const wanted = wantedBans();
  take(
    wanted,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "db-1|sshd|Unban|192.0.2.1",
    "db-1|nginx|Ban|192.0.2.1",
  );
  wanted.remember(ban(90_000));
  deepStrictEqual(told(wanted.endAdoption()), [
    "stands fail2bancluster|192.0.2.1 until 60000",
  ]);
});

Deno.test("WantedBans goes by what a node said last before the adoption", () => {
  const wanted = wantedBans();
  take(
    wanted,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|sshd|Ban|192.0.2.1",
  );
  deepStrictEqual(told(wanted.endAdoption()), []);
  strictEqual(wanted.size, 1);
});

Deno.test("WantedBans remembers nothing of what was withdrawn after the adoption", () => {
  const wanted = wantedBans();
  wanted.endAdoption();
  take(wanted, 0, "web-1|sshd|Unban|192.0.2.1");
  wanted.adopt(listed(5_000), 0);
  deepStrictEqual(wanted.endAdoption(), []);
  strictEqual(wanted.size, 1);
});

Deno.test("WantedBans remembers 100,000 early unbans, the last ones", () => {
  const wanted = wantedBans();
  const unban = (index: number) =>
    banEvent(`n${index}|sshd|Unban|192.0.2.${index % 2 + 1}`);
  for (let index = 0; index < 100_001; index++) wanted.take(unban(index), 0);
  wanted.remember({ ...ban(5_000), origin: host("n0") });
  const second = { ...ban(5_000), address: address("192.0.2.2") };
  wanted.remember({ ...second, origin: host("n1") });
  deepStrictEqual(told(wanted.endAdoption()), [
    "withdrawn fail2bancluster|192.0.2.2 until 5000",
  ]);
});

Deno.test("WantedBans leaves out and counts what there is no room for", () => {
  const wanted = wantedBans({ maxBans: 1 });
  take(wanted, 0, "a|sshd|Ban|192.0.2.1", "a|sshd|Ban|192.0.2.2");
  strictEqual(wanted.leftOut, 1);
  strictEqual(wanted.size, 1);
});

Deno.test("isOurs() tells the dedicated jail from every other", () => {
  ok(isOurs({ jail: CLUSTER_JAIL }));
  ok(!isOurs({ jail: jail("sshd") }));
  ok(!isOurs({ jail: jail("Fail2banCluster") }));
});
