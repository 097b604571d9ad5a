import { deepStrictEqual, ok } from "node:assert/strict";
import { ExecEffects } from "../../support/enforce/exec_effects.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../../support/fail2ban/fail2ban_lines.ts";
import {
  AHEAD_MS,
  aheadOfTime,
  settableClock,
} from "../../support/host/false_clock.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { deadline, scaled } from "../../support/host/deadline.ts";

const BANS = 20;
/** So that all are there before the first ends. */
const HOLDS_S = Math.ceil(scaled(10_000) / 1_000);
/** So that they stand when a publisher has been killed and started again. */
const STANDS_S = Math.ceil(scaled(20_000) / 1_000);
/** Ended bans are looked for every second, at three stations; the machine is busy. */
const LATE_MS = 6_000;
const DEADLINE_MS = 30_000;

/** Which host's clock is an hour ahead. */
const AHEAD = ["host-a", "host-b", "hub"] as const;

testWith(
  "faketime",
  "case 24: the clock of one node is an hour ahead: bans begin at once everywhere, and end when they should",
  async () => {
    await Promise.all(AHEAD.map((host) => oneHourAhead(host)));
  },
);

testWith(
  "faketime",
  "case 24: the publisher's clock is set while it runs, and it is killed and started again: its bans end when they should",
  async () => {
    await Promise.all([AHEAD_MS, -AHEAD_MS].map(setAndKilled));
  },
);

/** A publisher whose clock is set; a monitor whose clock is right. */
async function setAndKilled(stepMs: number): Promise<void> {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const clock = await settableClock(`${cluster.dir}/clock`);
  await cluster.addHost("hub", {}, clock.setting);
  await cluster.addHost("host-a", { monitor: { bantime: STANDS_S } });
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const first = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  const bansBecome = (wanted: number) =>
    waitUntil(async () => {
      const { bans } = await cluster.peek("publisher", "hub") ?? {};
      return bans === wanted;
    }, { what: `${wanted} bans, ${stepMs} ms`, timeoutMs: DEADLINE_MS });
  const sent = Array.from({ length: BANS }, (_, at) => testAddress(at));
  const writtenMs = performance.now();
  await appendLog(
    log,
    sent.map((each) => banLine("sshd", each, Date.now())).join(""),
  );
  await bansBecome(BANS);
  await clock.set(stepMs);
  await first.waitForLine(/the system's clock was set/);
  await first.end("SIGKILL");
  await cluster.start("publisher", "hub");
  await bansBecome(BANS);
  const thereMs = Math.round(performance.now() - writtenMs);
  await bansBecome(0);
  const endedMs = Math.round(performance.now() - writtenMs);
  report(`the publisher's clock is set by ${stepMs / 1_000} s`, {
    bans: BANS,
    holdsMs: STANDS_S * 1_000,
    thereAgainMs: thereMs,
    endedMs,
  });
  ok(
    endedMs >= STANDS_S * 1_000 &&
      endedMs < STANDS_S * 1_000 + deadline(LATE_MS),
  );
}

/** A monitor on host-a; subscribers on host-b and host-c, whose clock is right. */
async function oneHourAhead(wrong: typeof AHEAD[number]): Promise<void> {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const setting = await aheadOfTime();
  const of = (host: string) => host === wrong ? setting : {};
  const subscribers = ["host-b", "host-c"];
  await cluster.addHost("hub", {}, of("hub"));
  const monitor = { bantime: HOLDS_S };
  await cluster.addHost("host-a", { monitor }, of("host-a"));
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const effects: ExecEffects[] = [];
  for (const host of subscribers) {
    const each = await ExecEffects.of(cluster, host);
    effects.push(each);
    await cluster.addHost(host, each.sections, of(host));
    await cluster.start("subscriber", host);
  }
  await cluster.start("monitor", "host-a");

  const sent = Array.from({ length: BANS }, (_, at) => testAddress(at));
  // fail2ban runs on the same host, by the same clock.
  const aheadMs = wrong === "host-a" ? AHEAD_MS : 0;
  const writtenMs = performance.now();
  const atMs = Date.now() + aheadMs;
  await appendLog(
    log,
    sent.map((each) => banLine("sshd", each, atMs)).join(""),
  );
  const took = async (each: ExecEffects, calls: number) => {
    await waitUntil(async () => (await each.lines()).length >= calls, {
      what: `${calls} calls, while the clock of ${wrong} is wrong`,
      timeoutMs: DEADLINE_MS,
      intervalMs: 20,
    });
    return Math.round(performance.now() - writtenMs);
  };
  const begun = await Promise.all(effects.map((each) => took(each, BANS)));
  const ended = await Promise.all(effects.map((each) => took(each, 2 * BANS)));
  for (const each of effects) {
    const { inForce, repeated } = await each.now();
    deepStrictEqual([inForce, repeated], [[], 0]);
  }
  await waitUntil(async () => {
    const { bans } = await cluster.peek("publisher", "hub") ?? {};
    return bans === 0;
  }, { what: "the end of all bans at the publisher", timeoutMs: DEADLINE_MS });
  report(`the clock of ${wrong} is an hour ahead`, {
    bans: sent.length,
    holdsMs: HOLDS_S * 1_000,
    begunMs: begun.join(" and "),
    endedMs: ended.join(" and "),
  });
  for (const ms of begun) ok(ms < HOLDS_S * 1_000);
  for (const ms of ended) {
    ok(
      ms >= HOLDS_S * 1_000 && ms < HOLDS_S * 1_000 + deadline(LATE_MS),
      `${ms} ms`,
    );
  }
}
