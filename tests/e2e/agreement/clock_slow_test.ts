import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { bannedBy } from "../../support/cluster/host_agreement.ts";
import { ComparedHost } from "../../support/cluster/compared_host.ts";
import { settableClock } from "../../support/host/false_clock.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { pass, sideBySide } from "../../support/host/side_by_side.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const DAY_MS = 86_400_000;
/** Zones of fail2ban, one after the other, as POSIX writes them; the monitor's is UTC. */
const ZONES = [
  ["UTC+5", "UTC-9"],
  ["UTC-5:45", "UTC+3:30"],
  ["UTC-1", "UTC0"],
] as const;

/** What a monitor may ask. */
const WAYS = { "by the socket": true, "by the database alone": false };

for (const [way, asksSocket] of Object.entries(WAYS)) {
  testWith(
    "fail2ban",
    `the cluster holds of a host what its fail2ban holds, with its ends, within a minute of a changed zone, ${way}`,
    async (t) => {
      await sideBySide(
        t,
        Object.fromEntries(ZONES.map((zones) => [
          `from ${zones[0]} to ${zones[1]}`,
          () => afterChangedZone(asksSocket, zones),
        ])),
      );
    },
  );

  testWith(
    ["fail2ban", "faketime"],
    `the cluster holds of a host what its fail2ban holds within a minute of a day of sleep, ${way}`,
    async (t) => {
      await sideBySide(t, {
        "all machines sleep": () => afterSleep(asksSocket),
        "a host sleeps": () => afterHostSleep(asksSocket),
      });
    },
  );
}

/**
 * A program reads its zone at its start: fail2ban's is another one from its
 * restart on, and the monitor, restarted too, has seen nothing of it yet.
 */
async function afterChangedZone(
  asksSocket: boolean,
  [before, after]: readonly [string, string],
): Promise<void> {
  await using host = await ComparedHost.create({
    asksSocket,
    fail2banEnv: { TZ: before },
    env: { TZ: "UTC" },
    jails: {
      sshd: { bantime: "1h" },
      nginx: { bantime: "2d" },
      dovecot: { bantime: -1 },
    },
  });
  await host.ban(0, 4);
  await host.expectSameEnds();
  await host.restart({ TZ: after });
  // No line of a ban has been written by the new zone.
  await host.expectAgreement(`zone ${before} became ${after}`, 12);
  await host.expectSameEnds();
  await host.stopMonitor();
  await host.fail2ban.client("set", "sshd", "unbanip", "198.18.0.0");
  await host.fail2ban.client("set", "nginx", "banip", "198.18.0.9");
  await host.startMonitor();
  await host.expectAgreement(`a restart in zone ${after}`, 12);
  await host.expectSameEnds();
  await host.ban(4, 6);
  await host.expectAgreement(`bans of zone ${after}`, 18);
  await host.expectSameEnds();
  const figures = await host.figures();
  strictEqual(figures["over"], 0);
}

/**
 * The time of day goes on by a day at once, and what measures time without it
 * stands still, as with a machine that sleeps and wakes. It is yesterday
 * before, so that the times of files are right once they wake.
 */
async function afterSleep(asksSocket: boolean): Promise<void> {
  await using dir = await TempDir.create();
  const clock = await settableClock(dir.path("clock"));
  await clock.set(-DAY_MS);
  const { env = {} } = clock.setting;
  await using host = await ComparedHost.create({
    asksSocket,
    ...{ env, fail2banEnv: clock.pythonEnv, aheadMs: -DAY_MS },
    jails: {
      sshd: { bantime: "1h" },
      nginx: { bantime: "1w" },
      dovecot: { bantime: -1 },
    },
  });
  await host.ban(0, 5);
  await host.compared();
  await clock.set(host.aheadMs = 0);
  await waitUntil(
    async () => (await bannedBy(host.fail2ban, host.jails)).length === 10,
    { what: "the ends of bans that a day has ended", timeoutMs: 60_000 },
  );
  await host.expectAgreement("a day of sleep", 10);
  deepStrictEqual(
    [...host.held().keys()].filter((key) => key.startsWith("sshd ")),
    [],
  );
  await host.ban(5, 6);
  await host.expectAgreement("bans after a day of sleep", 13);
  ok(!host.monitor.hasEnded);
}

/** Programs of one host stand still for longer than its bans hold; the publisher goes on. */
async function afterHostSleep(asksSocket: boolean): Promise<void> {
  const holds = 20;
  await using host = await ComparedHost.create({
    asksSocket,
    jails: { sshd: { bantime: holds }, nginx: { bantime: "1w" } },
  });
  await host.ban(0, 5);
  const both = (signal: Deno.Signal) => {
    host.monitor.signal(signal);
    host.fail2ban.signal(signal);
  };
  both("SIGSTOP");
  await pass(2 * holds * 1_000);
  both("SIGCONT");
  await host.expectAgreement("a host's sleep", 5);
  await host.ban(5, 6);
  await waitUntil(
    async () => (await bannedBy(host.fail2ban, ["sshd"])).length === 0,
    { what: "the end of the ban after it", timeoutMs: 60_000 },
  );
  await host.expectAgreement("bans after a host's sleep", 6);
}
