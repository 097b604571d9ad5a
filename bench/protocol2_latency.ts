/**
 * From fail2ban's log to another host's subscriber, one event at a time,
 * compared with the same path through only inotify, pyzmq and SQLite.
 *
 * @module
 */

import { median, percentile, printTable } from "./figures.ts";
import { type Figure, tableOf } from "./figure.ts";
import {
  driveLimit,
  type DrivenCluster,
  type DrivenEvents,
  driveOurs,
  linesIntoPipe,
} from "./python_programs.ts";
import { BenchCluster } from "./protocol2_setup.ts";
import { sized } from "./size.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";

const PAIRS = sized(7, 1);
const EVENTS = sized(100, 10);
const PER_SECOND = 20;
/** Number of warm-up events: code is compiled at its first use. */
const WARM_UP = sized(100, 5);

/** Both sides, measured in the same run. */
interface Pair {
  readonly ours: DrivenEvents;
  readonly limit: DrivenEvents;
}

/** Starts the programs; the subscriber's lines go to a pipe. */
async function startOurs(cluster: BenchCluster): Promise<DrivenCluster> {
  const { programs } = cluster;
  const pipe = await linesIntoPipe(programs, "host-b");
  const pids = [
    await cluster.start("publisher", "hub"),
    await cluster.start("subscriber", "host-b"),
    await cluster.start("monitor", "host-a"),
  ];
  await cluster.until(
    "subscriber",
    "host-b",
    ({ following }) => following === true,
  );
  return { log: programs.logPath("host-a"), pipe, pids };
}

/**
 * Measures both sides in turns, so that a slow moment of the machine affects
 * both.
 */
async function measurePairs(): Promise<readonly Pair[]> {
  await using cluster = await BenchCluster.create({ durability: "power" });
  const programs = await startOurs(cluster);
  await driveOurs(programs, { events: WARM_UP, perSecond: PER_SECOND });
  const pace = { events: EVENTS, perSecond: PER_SECOND };
  const pairs: Pair[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const folder = `${cluster.programs.dir}/limit-${pair}`;
    await Deno.mkdir(folder);
    const limit = await driveLimit(folder, pace);
    pairs.push({ ours: await driveOurs(programs, pace), limit });
  }
  return pairs;
}

function percentileOf(sides: readonly DrivenEvents[], percent: number): number {
  const all = sides.flatMap(({ tookMs }) => tookMs);
  return percentile(all.toSorted((left, right) => left - right), percent);
}

/**
 * Measures and prints. @returns The figures; none where the limit's parts are
 * missing.
 */
export async function benchLatency(): Promise<readonly Figure[]> {
  if (!isInstalled("pyzmq")) {
    printTable("protocol 2: latency", [["python3-zmq is not installed"]]);
    return [];
  }
  const pairs = await measurePairs();
  const ours = pairs.map((pair) => pair.ours);
  const limits = pairs.map((pair) => pair.limit);
  const figure = (percent: number, atMost: number): Figure => ({
    what: `append to action, p${percent}`,
    ours: percentileOf(ours, percent),
    limit: percentileOf(limits, percent),
    limitIs: "inotify, pyzmq and SQLite",
    unit: "ms",
    goal: atMost,
  });
  const figures = [figure(50, 2), figure(99, 3)];
  printTable(
    `protocol 2: append to subscriber's action, durability power (${PAIRS} pairs of ${EVENTS} events)`,
    tableOf(figures),
  );
  printTable("processor time of an event (median of the pairs)", [
    ...["publisher", "subscriber", "monitor"].map((name, at) =>
      cpuRow(name, ours, at)
    ),
    ...["limit: driver", "limit: reader", "limit: hub"].map((name, at) =>
      cpuRow(name, limits, at)
    ),
  ]);
  return figures;
}

function cpuRow(
  name: string,
  sides: readonly DrivenEvents[],
  at: number,
): string[] {
  const used = median(sides.map(({ cpuUs }) => cpuUs[at] ?? NaN));
  return [name, `${used.toFixed(0)} us`];
}

if (import.meta.main) await benchLatency();
