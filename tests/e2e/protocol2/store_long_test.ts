import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  strictEqual,
} from "node:assert/strict";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { ExecEffects } from "../../support/enforce/exec_effects.ts";
import { appendLog, bansOf } from "../../support/fail2ban/fail2ban_lines.ts";
import { isInstalled } from "../../support/host/real_parts.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { sideBySide } from "../../support/host/side_by_side.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";
import {
  damage,
  fill,
  hashOf,
  hold,
  withSmallDisk,
} from "../../support/store/store_faults.ts";
import { report, tally } from "../../support/bench/tally.ts";
import {
  type HostSetting,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const DEADLINE_MS = 60_000;
const BANS = 50;
const DISK = "1m";

const isMissing = !isInstalled("mountns");

Deno.test("cases 4 and 25: a store that can't be written, or read: nothing is acknowledged that is not kept", async (t) => {
  await sideBySide(t, {
    ...(isMissing ? {} : { "a full disk": fullDisk }),
    "another connection holds the publisher's store": lockedStore,
    "a damaged store is left as it is; moved aside, a new one is begun, and copies follow":
      damagedStore,
  });
});

async function newCluster(
  setting: (stateDir: string) => HostSetting = () => ({}),
): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub", {}, setting(cluster.stateDir("hub")));
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  await cluster.addHost("host-b");
  await appendLog(cluster.logPath("host-a"), "");
  return cluster;
}

function addresses(...subscribers: ChildProcess[]): string[] {
  return heard(...subscribers).map((message) => message.split("|")[3] ?? "");
}

async function waitLines(
  subscriber: ChildProcess,
  sent: readonly string[],
): Promise<void> {
  await waitUntil(() => addresses(subscriber).length >= sent.length, {
    what: `${sent.length} lines`,
    timeoutMs: DEADLINE_MS,
    intervalMs: 20,
  });
  deepStrictEqual(addresses(subscriber), sent);
}

function told(child: ChildProcess, what: RegExp): string[] {
  return child.stderr.filter((line) => what.test(line));
}

const UNKEPT = /reports can't be kept, and are not acknowledged/;

async function acknowledged(cluster: TestCluster): Promise<number> {
  const figures = await cluster.figures("monitor", "host-a");
  return Number(figures["acknowledged"]);
}

/** Waits until the monitor has an answer for all of it, and says how many. */
async function waitAcknowledged(cluster: TestCluster, count: number) {
  await waitUntil(async () => await acknowledged(cluster) === count, {
    what: `${count} acknowledged`,
    timeoutMs: DEADLINE_MS,
    intervalMs: 50,
  });
}

async function fullDisk(): Promise<void> {
  await using cluster = await newCluster((dir) => ({
    within: withSmallDisk(dir, DISK),
  }));
  const log = cluster.logPath("host-a");
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  const disk = `/proc/${publisher.pid}/root${cluster.stateDir("hub")}`;
  const before = bansOf(0, BANS);
  await appendLog(log, before.text);
  await waitAcknowledged(cluster, BANS);

  await fill(`${disk}/filler`);
  const sent = [...before.sent];
  await waitUntil(async () => {
    const more = bansOf(sent.length, sent.length + BANS);
    sent.push(...more.sent);
    await appendLog(log, more.text);
    return told(publisher, UNKEPT).length > 0;
  }, { what: "a full disk", timeoutMs: DEADLINE_MS, intervalMs: 100 });
  const taken = await acknowledged(cluster);
  await monitor.waitForLine(/can't take anything/, DEADLINE_MS);
  const known = Number((await cluster.figures("publisher", "hub"))["seq"]);
  ok(taken <= known && known < sent.length);

  await Deno.remove(`${disk}/filler`);
  await waitAcknowledged(cluster, sent.length);
  await waitLines(subscriber, sent);
  const troubleLog = told(publisher, UNKEPT).length;
  report("a full disk", {
    sent: sent.length,
    keptWhenFull: known,
    acknowledgedWhenFull: taken,
    acknowledged: await acknowledged(cluster),
    troubleLog,
  });
  report("the subscriber's lines", tally(sent, addresses(subscriber)));
  strictEqual(troubleLog, 1);
  match(told(publisher, UNKEPT)[0] ?? "", /disk is full/);
  await publisher.waitForLine(/reports are kept again/);
  await waitCopy(cluster, "host-b", sent, DEADLINE_MS);
}

async function lockedStore(): Promise<void> {
  await using cluster = await newCluster();
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  const before = bansOf(0, 1);
  await appendLog(cluster.logPath("host-a"), before.text);
  await waitLines(subscriber, before.sent);
  const all = bansOf(0, 1 + BANS).sent;
  {
    using _held = hold(banStorePath(cluster.stateDir("hub")));
    await appendLog(cluster.logPath("host-a"), bansOf(1, 1 + BANS).text);
    await publisher.waitForLine(UNKEPT, DEADLINE_MS);
    await monitor.waitForLine(/can't take anything/, DEADLINE_MS);
    // Until it was tried over and over again.
    await waitUntil(async () => {
      const figures = await cluster.peek("monitor", "host-a");
      return Number(figures?.["connectionsLost"]) >= 4;
    }, { what: "more tries", timeoutMs: DEADLINE_MS, intervalMs: 50 });
    strictEqual(await acknowledged(cluster), 1);
    deepStrictEqual(publishersBans(cluster), before.sent);
  }
  await waitAcknowledged(cluster, all.length);
  await waitLines(subscriber, all);
  const troubleLog = told(publisher, UNKEPT).length;
  report("a locked store", { acknowledgedWhenLocked: 1, troubleLog });
  report("a locked store", tally(all, addresses(subscriber)));
  strictEqual(troubleLog, 1);
  deepStrictEqual(publishersBans(cluster), [...all].sort());
}

async function damagedStore(): Promise<void> {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const effects = await ExecEffects.of(cluster, "host-b");
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  await cluster.addHost("host-b", effects.sections);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  const old = bansOf(0, BANS);
  await appendLog(log, old.text);
  await waitInForce(effects, old.sent);
  await publisher.end();

  const path = banStorePath(cluster.stateDir("hub"));
  await damage(path);
  const before = await hashOf(path);
  const failed = cluster.spawn("publisher", "hub", "run");
  const { code } = await failed.ended;
  const complaint = failed.stderr.filter((line) =>
    / error: | hint: /.test(line)
  );
  report("a damaged store", { code, complaint: complaint.length });
  strictEqual(code, 4);
  match(complaint.join("\n"), /error: cannot open .*publisher\.sqlite3: /);
  match(complaint.join("\n"), /hint: the file was left as it is/);
  strictEqual(await hashOf(path), before);

  for (const end of ["", "-wal", "-shm"]) {
    await Deno.rename(`${path}${end}`, `${path}.damaged${end}`)
      .catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
  }
  const more = bansOf(BANS, 2 * BANS);
  await appendLog(log, more.text);
  const { calls } = await effects.now();
  strictEqual(calls, BANS, "nothing is lifted while the publisher is away");
  const { epoch } = await cluster.figures("subscriber", "host-b");
  await cluster.start("publisher", "hub");
  await subscriber.waitForLine(/the publisher has another store/, DEADLINE_MS);
  await monitor.waitForLine(/the publisher has another store/, DEADLINE_MS);
  // What stood before is reported once more.
  const all = [...old.sent, ...more.sent];
  await waitInForce(effects, all);
  const figures = await cluster.figures("subscriber", "host-b");
  const { repeated } = await effects.now();
  report("after a new store", {
    oldBans: old.sent.length,
    newBans: more.sent.length,
    inForce: (await effects.now()).inForce.length,
    repeated,
  });
  notStrictEqual(figures["epoch"], epoch);
  strictEqual(repeated, 0);
  deepStrictEqual(publishersBans(cluster), all.toSorted());
  await waitCopy(cluster, "host-b", all, DEADLINE_MS);
}

async function waitInForce(
  effects: ExecEffects,
  expected: readonly string[],
): Promise<void> {
  const sorted = String([...expected].sort());
  await waitUntil(
    async () => String((await effects.now()).inForce) === sorted,
    {
      what: "what is in force",
      timeoutMs: DEADLINE_MS,
      intervalMs: 50,
    },
  );
}
