/**
 * Very many subscribers on one publisher, with lightweight clients that are not
 * the bottleneck: real sockets and keys, but they check only the sequence
 * numbers (`programs/listeners.py`). `protocol2_crowd.ts` and
 * `protocol2_follow.ts` measure real subscribers.
 * @module
 */

import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { ChildProcess } from "../tests/support/host/child_process.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import { addressAt, BenchCluster, medians } from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const PYTHON = "/usr/bin/python3";
const PROCESSES = 2;
const SECONDS = sized(10, 1);
const RUNS = sized(3, 1);
const COMPLETE_WITHIN_MS = 60_000;
const BOUND_SECONDS = 2;
/** Number of warm-up events. */
const WARM_UP = 100;

/** A number of subscribers, and of events per second, sent one at a time. */
export interface ListenersLoad {
  readonly subscribers: number;
  readonly perSecond: number;
}

/** The loads to measure: many events, and many subscribers. */
export const LISTENERS_LOADS: readonly ListenersLoad[] = [
  { subscribers: sized(200, 20), perSecond: sized(500, 50) },
  { subscribers: sized(1_000, 40), perSecond: sized(100, 20) },
];

/** The measurements of a load. */
export interface ListenersFigures {
  /** Seconds from the last event until all have everything. */
  readonly late: number;
  /** Number of gaps in the sequence numbers. */
  readonly gaps: number;
  /** Messages that each subscriber received. */
  readonly messages: number;
  /** CPU time of the publisher per event, in microseconds. */
  readonly publisherUs: number;
  /** CPU time of a subscriber per message, in microseconds. */
  readonly listenerUs: number;
  /** Load of the publisher's threads at the end, in percent of a core. */
  readonly mainPercent: number;
  readonly ioPercent: number;
}

interface CrowdReport {
  readonly following: number;
  readonly minSeq: number;
  readonly gaps: number;
  readonly messages: number;
}

async function listen(
  { subscribers, perSecond }: ListenersLoad,
): Promise<Record<keyof ListenersFigures, number>> {
  const events = perSecond * SECONDS;
  await using cluster = await BenchCluster.create();
  const crowd = startAll(cluster, subscribers);
  await using _crowd = crowd;
  const publisher = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  const log = cluster.programs.logPath("host-a");
  await complete(crowd.programs, subscribers, 0);
  await feed(log, 0, WARM_UP, perSecond);
  const before = await complete(crowd.programs, subscribers, WARM_UP);
  const pids = crowd.programs.map(({ pid }) => pid);
  const usedBefore = await Promise.all([[publisher], pids].map(cpuUs));
  await feed(log, WARM_UP, events, perSecond);
  const fedMs = performance.now();
  const after = await complete(crowd.programs, subscribers, WARM_UP + events);
  const late = (performance.now() - fedMs) / 1_000;
  const usedAfter = await Promise.all([[publisher], pids].map(cpuUs));
  const [publisherUs = 0, crowdUs = 0] = usedAfter.map((each, at) =>
    each - (usedBefore[at] ?? 0)
  );
  const figures = await cluster.until("publisher", "hub", () => true);
  const messages = sumOf(after, "messages") - sumOf(before, "messages");
  return {
    late,
    gaps: sumOf(after, "gaps"),
    messages: messages / subscribers,
    publisherUs: publisherUs / events,
    listenerUs: crowdUs / messages,
    mainPercent: Number(figures["thread.mainPercent"]),
    ioPercent: Number(figures["thread.ioPercent"]),
  };
}

/** Starts all subscribers; they connect once the publisher listens. */
function startAll({ programs: { dir, members } }: BenchCluster, count: number) {
  const all = new AsyncDisposableStack();
  const programs = Array.from({ length: PROCESSES }, (_, index) => {
    const memberships = Array.from(
      { length: count / PROCESSES },
      (_, at) => members.add(`listener-${index}-${at}`),
    );
    const path = `${dir}/listeners-${index}.json`;
    Deno.writeTextFileSync(path, JSON.stringify(memberships), { mode: 0o600 });
    const script = new URL("programs/listeners.py", import.meta.url);
    const args = [decodeURIComponent(script.pathname), path];
    return all.use(new ChildProcess({ command: PYTHON, args }));
  });
  return { programs, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function sumOf(reports: readonly CrowdReport[], name: keyof CrowdReport) {
  return reports.reduce((sum, report) => sum + report[name], 0);
}

async function cpuUs(pids: readonly number[]): Promise<number> {
  const usages = await Promise.all(pids.map(processUsage));
  return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds * 1e6, 0);
}

/** Appends lines one by one at a constant rate. */
async function feed(
  log: string,
  from: number,
  count: number,
  perSecond: number,
): Promise<void> {
  const startMs = performance.now();
  for (let at = 0; at < count; at++) {
    await appendLog(log, banLine("sshd", addressAt(from + at)));
    const dueMs = startMs + (at + 1) / perSecond * 1_000;
    const leftMs = dueMs - performance.now();
    if (leftMs > 1) await new Promise((done) => setTimeout(done, leftMs));
  }
}

/** Waits until each has connected and received all up to a sequence number. */
async function complete(
  programs: readonly ChildProcess[],
  subscribers: number,
  seq: number,
): Promise<readonly CrowdReport[]> {
  let reports: readonly CrowdReport[] = [];
  const isComplete = (report: CrowdReport) =>
    report.following === subscribers / PROCESSES && report.minSeq === seq;
  await waitUntil(() => {
    reports = programs.flatMap(({ stdout }) => {
      const last = stdout.at(-1);
      return last === undefined ? [] : [JSON.parse(last)];
    });
    return reports.length === PROCESSES && reports.every(isComplete);
  }, {
    what: () => `${seq} at all: ${JSON.stringify(reports)}`,
    timeoutMs: COMPLETE_WITHIN_MS,
    intervalMs: 50,
  });
  return reports;
}

/** Measures a load: medians of several runs, and the sum of all gaps. */
export async function measureListeners(
  load: ListenersLoad,
): Promise<ListenersFigures> {
  let gaps = 0;
  const figures = await medians(RUNS, async () => {
    const run = await listen(load);
    gaps += run.gaps;
    return run;
  });
  return { ...figures, gaps };
}

/**
 * Measures and prints. @returns The delay of the last subscriber, and the gaps.
 */
export async function benchListeners(): Promise<readonly Outcome[]> {
  if (!isInstalled("pyzmq")) {
    return [{ what: "listeners", why: "python3-zmq is not installed" }];
  }
  const outcomes: Outcome[] = [];
  for (const load of LISTENERS_LOADS) {
    const figures = await measureListeners(load);
    printFigures(load, figures);
    outcomes.push(...outcomesOf(load, figures));
  }
  return outcomes;
}

function outcomesOf(
  { subscribers, perSecond }: ListenersLoad,
  { late, gaps }: ListenersFigures,
): readonly Outcome[] {
  const what = `${subscribers} listeners, ${perSecond} events/s`;
  const bound = { limitIs: "a bound" };
  return [
    {
      what: `${what}: all complete after the last`,
      ...{ ours: late, limit: BOUND_SECONDS, unit: "s", goal: 1, ...bound },
    },
    IS_SHORT
      ? { what: `${what}: gaps`, why: "it takes 1,000 listeners" }
      // The goal is no gap.
      : {
        what: `${what}: gaps`,
        ...{ ours: gaps, limit: 1, unit: "gaps", goal: 0, ...bound },
      },
  ];
}

function printFigures(load: ListenersLoad, figures: ListenersFigures): void {
  const percent = (value: number) => `${value.toFixed(0)} % of a core`;
  printTable(
    `protocol 2: ${load.subscribers} listeners (in ${PROCESSES} processes), ${load.perSecond} events/s, evenly, for ${SECONDS} s (median of ${RUNS} runs)`,
    [
      [
        "everybody has everything",
        `${figures.late.toFixed(2)} s after the last event`,
      ],
      ["gaps, in all runs", String(figures.gaps)],
      ["messages to each", String(Math.round(figures.messages))],
      ["publisher", `${figures.publisherUs.toFixed(0)} us of CPU an event`],
      ["its own thread", percent(figures.mainPercent)],
      ["ZeroMQ's I/O thread", percent(figures.ioPercent)],
      [
        "a message at a listener",
        `${figures.listenerUs.toFixed(1)} us of CPU`,
      ],
    ],
  );
}

if (import.meta.main) await benchListeners();
