/**
 * The path of an event with several publishers and three etcd members, compared
 * with a single publisher, in alternating turns.
 *
 * @module
 */

import { appendLog } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { HUBS, sharedCluster, standsBy, startEtcd } from "./engine_setup.ts";
import type { Figure, Outcome } from "./figure.ts";
import { median, percentile, printTable } from "./figures.ts";
import { BenchCluster, linesFrom } from "./protocol2_setup.ts";
import {
  type DrivenCluster,
  driveOurs,
  linesIntoPipe,
} from "./python_programs.ts";
import { IS_SHORT, sized } from "./size.ts";

/** Turns of single events, and of bursts, on each side. */
const [TURNS, BURSTS] = [sized(3, 1), sized(3, 1)];
const EVENTS = sized(100, 10);
const PER_SECOND = 20;
const WARM_UP = sized(100, 5);
/** Number of events followed one by one to the standby's copy. */
const FOLLOWED = sized(30, 3);
const BURST = sized(30_000, 1_000);
/** Offset of the bursts' addresses, so that they are new. */
const BURST_FROM = 100_000;
const WANTED_PER_SECOND = 5_000;
/** A standby polls five times a second. */
const COPIED_WITHIN_MS = 250;

/** One of the two sides. */
interface Side {
  readonly cluster: BenchCluster;
  readonly driven: DrivenCluster;
  /** Number of lines written so far. */
  written: number;
}

/** The costs of a burst. */
interface BurstFigures {
  readonly seconds: number;
  /** Time until another host's copy had all events, too. */
  readonly copiedSeconds: number;
  /** CPU of the active publisher. */
  readonly cpuSeconds: number;
}

async function begin(cluster: BenchCluster): Promise<Side> {
  const { programs } = cluster;
  const pipe = await linesIntoPipe(programs, "host-b");
  const pids = [await cluster.start("publisher", "hub")];
  await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  await follows(cluster, "host-b");
  return {
    cluster,
    driven: { log: programs.logPath("host-a"), pipe, pids },
    written: 0,
  };
}

async function follows(cluster: BenchCluster, host: string): Promise<void> {
  await cluster.until(
    "subscriber",
    host,
    ({ following }) => following === true,
  );
}

/** Times of single events, from the log to another host's action. */
async function drive(side: Side, events: number): Promise<readonly number[]> {
  const pace = { events, perSecond: PER_SECOND };
  const { tookMs } = await driveOurs(side.driven, pace);
  side.written += events;
  return tookMs;
}

/** Times of single events, from the log to the standby's copy. */
async function copiedMs({ cluster, driven }: Side): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const { seq: before } = await standsBy(cluster, HUBS[1], 0);
  for (let at = 1; at <= FOLLOWED; at++) {
    const startMs = performance.now();
    await appendLog(driven.log, linesFrom(BURST_FROM - at, 1));
    await standsBy(cluster, HUBS[1], Number(before) + at);
    tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}

/**
 * Writes many lines at once; measures until all are acknowledged, and until
 * another host's copy has them.
 */
async function burst(side: Side, number: number): Promise<BurstFigures> {
  const { cluster, driven } = side;
  const [pid = 0] = driven.pids ?? [];
  const { acknowledged } = await cluster.until("monitor", "host-a", () => true);
  const { seq } = await cluster.until("subscriber", "hub", () => true);
  const before = await processUsage(pid);
  const startMs = performance.now();
  const since = () => (performance.now() - startMs) / 1_000;
  await appendLog(driven.log, linesFrom(BURST_FROM + number * BURST, BURST));
  await cluster.until(
    "monitor",
    "host-a",
    (now) => now["acknowledged"] === Number(acknowledged) + BURST,
  );
  const seconds = since();
  await cluster.until(
    "subscriber",
    "hub",
    (now) => now["seq"] === Number(seq) + BURST,
  );
  const copiedSeconds = since();
  const { cpuSeconds } = await processUsage(pid);
  return { seconds, copiedSeconds, cpuSeconds: cpuSeconds - before.cpuSeconds };
}

/**
 * Replaces the subscriber that writes to a pipe, which would slow down a burst,
 * by one on another host.
 */
async function changeFollower({ cluster }: Side): Promise<void> {
  await cluster.stop("subscriber", "host-b");
  await cluster.start("subscriber", "hub");
  await follows(cluster, "hub");
}

/** The measurements of both sides, in the same order. */
interface Measured {
  readonly single: readonly (readonly number[])[];
  readonly copied: readonly number[];
  readonly bursts: readonly (readonly BurstFigures[])[];
}

async function measure(): Promise<Measured> {
  await using etcd = await startEtcd();
  await using shared = await sharedCluster(etcd);
  await using alone = await BenchCluster.create({ legacy: "off" });
  const sides = [await begin(shared), await begin(alone)];
  await shared.start("publisher", HUBS[1]);
  for (const side of sides) await drive(side, WARM_UP);
  const single: number[][] = sides.map(() => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [at, side] of sides.entries()) {
      single[at]?.push(...await drive(side, EVENTS));
    }
  }
  const [first] = sides;
  const copied = first === undefined ? [] : await copiedMs(first);
  for (const side of sides) await changeFollower(side);
  const bursts: BurstFigures[][] = sides.map(() => []);
  for (let turn = 0; turn < BURSTS; turn++) {
    for (const [at, side] of sides.entries()) {
      bursts[at]?.push(await burst(side, turn));
    }
  }
  return { single, copied, bursts };
}

/** Measures and prints. @returns The figures. */
export async function wayFigures(): Promise<readonly Outcome[]> {
  const { single, copied, bursts } = await measure();
  const at = (percent: number) =>
    single.map((each) =>
      percentile(each.toSorted((left, right) => left - right), percent)
    );
  const each = (of: (figures: BurstFigures) => number) =>
    bursts.map((side) => median(side.map((figures) => of(figures) / BURST)));
  printTable(`three etcd, two publishers; beside it: one alone`, [
    ...[50, 99].map((percent) => [
      `append to another host's action, p${percent}`,
      ...at(percent).map((ms) => `${ms.toFixed(1)} ms`),
    ]),
    [
      `burst of ${BURST}, log to ACK (median of ${BURSTS})`,
      ...each(({ seconds }) => seconds).map(perSecond),
    ],
    [
      "the same, to another host's copy",
      ...each(({ copiedSeconds }) => copiedSeconds).map(perSecond),
    ],
    [
      "the active publisher's CPU of an event",
      ...each(({ cpuSeconds }) => cpuSeconds).map((it) =>
        `${(it * 1e6).toFixed(1)} us`
      ),
    ],
  ]);
  return figuresOf(at(50), copied, each(({ copiedSeconds }) => copiedSeconds));
}

function perSecond(secondsOfOne: number): string {
  return `${Math.round(1 / secondsOfOne)} events/s`;
}

function figuresOf(
  [ours = NaN, alone = NaN]: readonly number[],
  copied: readonly number[],
  [burstOurs = NaN, burstAlone = NaN]: readonly number[],
): readonly Outcome[] {
  const one = "engine = none";
  const what = "several publishers: a burst, log to another host's copy";
  const inUs = { ours: burstOurs * 1e6, unit: "us an event" };
  const single: readonly Figure[] = [
    {
      what: "several publishers: append to action, p50",
      ...{ ours, limit: alone, limitIs: one, unit: "ms", goal: 2 },
    },
    {
      what: "several publishers: append to the standby's copy, p50",
      ...{ ours: median(copied), limit: COPIED_WITHIN_MS, unit: "ms" },
      ...{ limitIs: "a bound", goal: 1 },
    },
  ];
  // In a short burst the constant costs would dominate.
  if (IS_SHORT) return [...single, { what, why: "it takes 30,000 events" }];
  return [
    ...single,
    {
      what,
      ...{ ...inUs, limit: 1e6 / WANTED_PER_SECOND },
      ...{ limitIs: "a bound", goal: 1 },
    },
    {
      what: "the same, beside one publisher",
      ...{ ...inUs, limit: burstAlone * 1e6, limitIs: one, goal: 3 },
    },
  ];
}

if (import.meta.main) await wayFigures();
