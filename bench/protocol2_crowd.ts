/**
 * Many subscribers on one publisher: real clients with real sockets, but a
 * hundred in each process, because as many programs would not fit a small
 * machine.
 *
 * @module
 */

import * as zmq from "zeromq";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../tests/support/host/child_process.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { startPeer, startProgram } from "./bare_peer_process.ts";
import { bareSend, SENDER } from "./bare_zmq.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  fillStore,
  goalRow,
  medians,
} from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const SUBSCRIBERS = sized(200, 10);
const PROCESSES = 2;
const EVENTS_PER_SECOND = 500;
const SECONDS = sized(10, 1);
const STEP_MS = 50;
const EVENTS = EVENTS_PER_SECOND * SECONDS;
/** Number of bans before they connect. */
const BANS = sized(10_000, 500);
const RUNS = sized(3, 1);
const TIMEOUT_MS = 180_000;
const GOAL_SECONDS = 2;
/** Size of a change on the stream. */
const CHANGE_BYTES = 220;

interface CrowdReport {
  readonly following: number;
  readonly minSeq: number;
  readonly minBans: number;
  readonly maxBans: number;
  readonly gaps: number;
  readonly snapshots: number;
  readonly notUnderstood: number;
}

async function crowd() {
  await using cluster = await BenchCluster.create();
  await fillStore(cluster.storePath, BANS);
  const publisher = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  await using crowds = new AsyncDisposableStack();
  const programs: ChildProcess[] = [];
  for (let index = 0; index < PROCESSES; index++) {
    programs.push(crowds.use(await startCrowd(cluster, index)));
  }
  await complete(programs, BANS);
  const crowdPids = programs.map(({ pid }) => pid);
  const cpuBefore = await cpuSeconds([publisher]);
  const crowdBefore = await cpuSeconds(crowdPids);
  const startMs = performance.now();
  await feed(cluster.programs.logPath("host-a"), startMs);
  const fedMs = performance.now();
  await cluster.until(
    "publisher",
    "hub",
    ({ seq }) => seq === BANS + EVENTS,
  );
  const storedMs = performance.now();
  const reports = await complete(programs, BANS + EVENTS);
  const sum = (name: keyof CrowdReport) =>
    reports.reduce((total, report) => total + report[name], 0);
  return {
    fed: (fedMs - startMs) / 1_000,
    stored: (storedMs - fedMs) / 1_000,
    late: (performance.now() - fedMs) / 1_000,
    cpu: await cpuSeconds([publisher]) - cpuBefore,
    crowdCpu: await cpuSeconds(crowdPids) - crowdBefore,
    gaps: sum("gaps"),
    snapshots: sum("snapshots"),
  };
}

async function startCrowd(
  { programs: { dir, members } }: BenchCluster,
  index: number,
): Promise<ChildProcess> {
  const memberships = Array.from(
    { length: SUBSCRIBERS / PROCESSES },
    (_, at) => members.add(`crowd-${index}-${at}`),
  );
  const path = `${dir}/crowd-${index}.json`;
  await Deno.writeTextFile(path, JSON.stringify(memberships), { mode: 0o600 });
  return startProgram("crowd.ts", path);
}

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const usages = await Promise.all(pids.map(processUsage));
  return usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0);
}

/** Appends lines at a constant rate. */
async function feed(log: string, startMs: number): Promise<void> {
  const atOnce = EVENTS_PER_SECOND * STEP_MS / 1_000;
  for (let at = 0; at < EVENTS; at += atOnce) {
    const lines = Array.from(
      { length: atOnce },
      (_, index) => banLine("sshd", addressAt(BANS + at + index)),
    );
    await appendLog(log, lines.join(""));
    const dueMs = startMs + (at + atOnce) / EVENTS_PER_SECOND * 1_000;
    const leftMs = Math.max(0, dueMs - performance.now());
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }
}

/** Waits until each client is in sync and has every ban. */
async function complete(
  programs: readonly ChildProcess[],
  seq: number,
): Promise<readonly CrowdReport[]> {
  let reports: readonly CrowdReport[] = [];
  const what = () => `${seq}, but ${JSON.stringify(reports)}`;
  const isComplete = (report: CrowdReport) =>
    report.following === SUBSCRIBERS / PROCESSES && report.minSeq === seq &&
    report.minBans === seq && report.maxBans === seq;
  try {
    await waitUntil(() => {
      reports = programs.flatMap(({ stdout }) => {
        const last = stdout.at(-1);
        return last === undefined ? [] : [JSON.parse(last)];
      });
      return reports.length === PROCESSES && reports.every(isComplete);
    }, { what: "all", timeoutMs: TIMEOUT_MS, intervalMs: 50 });
  } catch (error) {
    throw new Error(`They should be at ${what()}`, { cause: error });
  }
  return reports;
}

/** Sends the same messages to as many bare sockets, at full speed. */
async function bareStream() {
  const url = `tcp://127.0.0.1:${freePort()}`;
  const publisher = new zmq.Publisher({
    sendTimeout: 0,
    sendHighWaterMark: 0,
    linger: SENDER.linger,
  });
  publisher.bindSync(url);
  try {
    await using peer = await startPeer("hear", url, SUBSCRIBERS, EVENTS);
    // Nothing signals to a PUB that all have subscribed.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const startMs = performance.now();
    const body = new Uint8Array(CHANGE_BYTES);
    for (let at = 0; at < EVENTS; at++) await bareSend(publisher, ["C", body]);
    await peer.waitForLine(/^done$/, TIMEOUT_MS);
    return { perSecond: EVENTS / ((performance.now() - startMs) / 1_000) };
  } finally {
    publisher.close();
  }
}

/** Measures and prints. @returns The delay of the last client. */
export async function benchCrowd(): Promise<readonly Outcome[]> {
  const ours = await medians(RUNS, crowd);
  const bare = await medians(RUNS, bareStream);
  printTable(
    `protocol 2: ${SUBSCRIBERS} subscribers (in ${PROCESSES} processes), ${EVENTS_PER_SECOND} events/s for ${SECONDS} s (median of ${RUNS} runs)`,
    [
      goalRow(
        "every one has the whole table",
        `${ours.late.toFixed(1)} s after the last event`,
        "all complete",
        // An incomplete run throws.
        true,
        `bare libzmq ${Math.round(bare.perSecond)} events/s to as many`,
      ),
      [
        "the publisher",
        `has stored all ${ours.stored.toFixed(1)} s after the last event`,
        `${(ours.cpu / ours.fed * 100).toFixed(0)} % of a core`,
        `${(ours.cpu / EVENTS * 1e6).toFixed(0)} us of CPU an event`,
      ],
      [
        "a change at a subscriber",
        `${(ours.crowdCpu / EVENTS / SUBSCRIBERS * 1e6).toFixed(1)} us of CPU`,
      ],
      ["gaps met and healed", String(ours.gaps)],
      ["tables taken over", String(ours.snapshots)],
    ],
  );
  return [{
    what:
      `${SUBSCRIBERS} subscribers, ${EVENTS_PER_SECOND} events/s: all complete`,
    ours: ours.late,
    limit: GOAL_SECONDS,
    limitIs: "a bound, from the last event",
    unit: "s",
    goal: 1,
  }];
}

if (import.meta.main) await benchCrowd();
