import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { replicaPath } from "../../../lib/store/io/sqlite_replica_store.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { appendLog, bansOf } from "../../support/fail2ban/fail2ban_lines.ts";
import { connectionsAt } from "../../support/host/connections.ts";
import { killEachRole, KILLS } from "../../support/cluster/killed_roles.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { pass, sideBySide } from "../../support/host/side_by_side.ts";
import {
  copysBans,
  lastSeq,
  publishersBans,
  waitCopy,
} from "../../support/store/stored_tables.ts";
import { hold } from "../../support/store/store_faults.ts";
import { report, tally } from "../../support/bench/tally.ts";
import {
  type RoleName,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const PER_SECOND = 1_000;
const AWAY_MS = 60_000;
const MISSED = 100_000;
const PASSING = 5_000;
const HELD = 50;
const LONG_MS = 180_000;

/** A cluster of a hub, a host with a monitor, and one with a subscriber that writes lines. */
async function newCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  await cluster.addHost("host-b");
  await appendLog(cluster.logPath("host-a"), "");
  return cluster;
}

/** Waits until a program says so of itself. */
async function waitFigure(
  cluster: TestCluster,
  [role, host]: readonly [RoleName, string],
  name: string,
  value: number | boolean,
): Promise<void> {
  await waitUntil(
    async () => (await cluster.peek(role, host))?.[name] === value,
    { what: `${name} ${value} of ${host}`, timeoutMs: LONG_MS, intervalMs: 50 },
  );
}

/** Waits until the publisher has as many changes, and the copy is as far. */
async function waitComplete(cluster: TestCluster, seq: number): Promise<void> {
  await waitFigure(cluster, ["publisher", "hub"], "seq", seq);
  await waitFigure(cluster, ["subscriber", "host-b"], "seq", seq);
}

function addressesHeard(...subscribers: ChildProcess[]): string[] {
  return heard(...subscribers).map((message) => message.split("|")[3] ?? "");
}

// Side by side, as most of them wait most of the time.
Deno.test("cases 3, 5, 6, 8, 10 and 25: what takes long: whoever was away catches up, nothing is lost, and nothing comes twice", async (t) => {
  await sideBySide(t, {
    [`monitor, publisher and subscriber are killed ${KILLS} times each under load`]:
      killEachRole,
    [`the publisher is away for a minute under ${PER_SECOND} events a second; the monitor is killed meanwhile`]:
      publisherAway,
    [`a subscriber is away while ${MISSED} changes pass; then it is stopped while ${PASSING} pass`]:
      subscriberAway,
    "another connection holds a subscriber's copy": lockedCopy,
  });
});

async function publisherAway(): Promise<void> {
  await using cluster = await newCluster();
  const log = cluster.logPath("host-a");
  const before = bansOf(0, 1);
  const publisher = await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  const monitor = await cluster.start("monitor", "host-a");
  await appendLog(log, before.text);
  await waitComplete(cluster, 1);
  await publisher.end("SIGKILL");

  const sent = [...before.sent];
  const awayMs = performance.now();
  let restarted: Promise<ChildProcess> | undefined;
  const last = 1 + AWAY_MS / 1_000 * PER_SECOND;
  while (sent.length < last) {
    const elapsedMs = performance.now() - awayMs;
    const due = 1 + Math.floor(elapsedMs * PER_SECOND / 1_000);
    const more = bansOf(sent.length, Math.min(due, last));
    sent.push(...more.sent);
    await appendLog(log, more.text);
    if (elapsedMs > AWAY_MS / 2) restarted ??= killedAndStarted(monitor);
    await pass(100);
  }
  await restarted;
  const waited = await cluster.figures("monitor", "host-a");
  strictEqual(waited["acknowledged"], 0);
  const backMs = performance.now();
  await cluster.start("publisher", "hub");
  await waitComplete(cluster, sent.length);
  const caughtUpMs = Math.round(performance.now() - backMs);
  await waitUntil(() => addressesHeard(subscriber).length >= sent.length, {
    what: "every line",
    timeoutMs: LONG_MS,
    intervalMs: 100,
  });
  const { acknowledged, known } = await waitUntil(async () => {
    const figures = await cluster.peek("monitor", "host-a");
    return figures?.["unanswered"] === 0 && figures;
  }, { what: "every answer", timeoutMs: LONG_MS, intervalMs: 50 });
  report("publisher away", {
    awayMs: Math.round(backMs - awayMs),
    heldByTheMonitor: waited["unanswered"],
    acknowledged,
    known,
    caughtUpMs,
  });
  report("publisher's table", tally(sent, publishersBans(cluster)));
  report("subscriber's lines", tally(sent, addressesHeard(subscriber)));
  deepStrictEqual(publishersBans(cluster), [...sent].sort());
  await waitCopy(cluster, "host-b", sent, LONG_MS);
  deepStrictEqual(addressesHeard(subscriber), sent);

  async function killedAndStarted(child: ChildProcess) {
    await child.end("SIGKILL");
    return await cluster.start("monitor", "host-a");
  }
}

async function subscriberAway(): Promise<void> {
  await using cluster = await newCluster();
  const log = cluster.logPath("host-a");
  await cluster.start("publisher", "hub");
  const first = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  const before = bansOf(0, 1);
  await appendLog(log, before.text);
  await waitComplete(cluster, 1);
  await waitUntil(() => addressesHeard(first).length === 1, { what: "a line" });
  strictEqual((await first.end()).code, 0);

  const missed = bansOf(1, 1 + MISSED);
  const startMs = performance.now();
  await appendLog(log, missed.text);
  await waitFigure(cluster, ["publisher", "hub"], "seq", 1 + MISSED);
  const storedMs = performance.now();
  const second = await cluster.start("subscriber", "host-b");
  await waitComplete(cluster, 1 + MISSED);
  const caughtUpMs = Math.round(performance.now() - storedMs);
  await waitUntil(() => addressesHeard(second).length >= MISSED, {
    what: "every line",
    timeoutMs: LONG_MS,
    intervalMs: 100,
  });
  const figures = await cluster.peek("subscriber", "host-b");
  report("subscriber away", {
    missed: MISSED,
    storedMs: Math.round(storedMs - startMs),
    caughtUpMs,
    changes: figures?.["changes"],
    snapshots: figures?.["snapshots"],
  });
  const sent = [...before.sent, ...missed.sent];
  report("lines", tally(sent, addressesHeard(first, second)));
  deepStrictEqual(addressesHeard(first, second), sent);
  await stoppedMeanwhile(cluster, second, sent);
}

/** The subscriber is stopped until the publisher has given its connection up. */
async function stoppedMeanwhile(
  cluster: TestCluster,
  subscriber: ChildProcess,
  before: readonly string[],
): Promise<void> {
  const passing = bansOf(before.length, before.length + PASSING);
  const expected = [...before, ...passing.sent];
  const stoppedMs = performance.now();
  subscriber.signal("SIGSTOP");
  await appendLog(cluster.logPath("host-a"), passing.text);
  await waitFigure(cluster, ["publisher", "hub"], "seq", expected.length);
  strictEqual(lastSeq(cluster), expected.length);
  await waitUntil(
    async () => await connectionsAt(cluster.streamUrl) === 0,
    { what: "the end of its connection", timeoutMs: 60_000, intervalMs: 100 },
  );
  const goneMs = Math.round(performance.now() - stoppedMs);
  subscriber.signal("SIGCONT");
  const wokenMs = performance.now();
  await waitComplete(cluster, expected.length);
  const caughtUpMs = Math.round(performance.now() - wokenMs);
  await waitUntil(() => addressesHeard(subscriber).length >= MISSED + PASSING, {
    what: "every line",
    timeoutMs: LONG_MS,
    intervalMs: 100,
  });
  const { gaps, snapshots, notUnderstood } = await cluster.figures(
    "subscriber",
    "host-b",
  );
  report("subscriber stopped (case 5)", {
    passed: PASSING,
    givenUpAfterMs: goneMs,
    caughtUpMs,
    ...{ gaps, snapshots },
  });
  const lines = addressesHeard(subscriber);
  report("lines", tally(expected.slice(1), lines));
  deepStrictEqual(lines, expected.slice(1));
  await waitCopy(cluster, "host-b", expected, LONG_MS);
  ok(notUnderstood === 0);
}

/** Waits for lines, in order, each once. */
async function waitLines(
  subscriber: ChildProcess,
  sent: readonly string[],
): Promise<void> {
  await waitUntil(() => addressesHeard(subscriber).length >= sent.length, {
    what: `${sent.length} lines`,
    timeoutMs: LONG_MS,
    intervalMs: 100,
  });
  deepStrictEqual(addressesHeard(subscriber), sent);
}

async function lockedCopy(): Promise<void> {
  await using cluster = await newCluster();
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  const before = bansOf(0, 1);
  await appendLog(cluster.logPath("host-a"), before.text);
  await waitLines(subscriber, before.sent);
  await waitCopy(cluster, "host-b", before.sent);
  const all = bansOf(0, 1 + HELD).sent;
  const unkept = /copy can't be kept on disk/;
  {
    using _held = hold(replicaPath(cluster.stateDir("host-b")));
    await appendLog(cluster.logPath("host-a"), bansOf(1, 1 + HELD).text);
    await waitLines(subscriber, all);
    deepStrictEqual(copysBans(cluster, "host-b"), before.sent);
  }
  await waitCopy(cluster, "host-b", all, LONG_MS);
  report("a locked copy", tally(all, addressesHeard(subscriber)));
  await subscriber.waitForLine(unkept);
  const told = subscriber.stderr.filter((line) => unkept.test(line));
  strictEqual(told.length, 1);
}
