/**
 * From fail2ban's log to another host's subscriber, one event at a time,
 * compared with the same path through only inotify, pyzmq and SQLite, and with
 * the same on Deno.
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
import { startProgram } from "./bare_peer_process.ts";
import { BenchCluster } from "./protocol2_setup.ts";
import { sized } from "./size.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";

const ROUNDS = sized(7, 1);
const EVENTS = sized(100, 10);
const PER_SECOND = 20;
/** Number of warm-up events: code is compiled at its first use. */
const WARM_UP = sized(100, 5);

/** All sides, measured in the same run. */
interface Round {
  readonly ours: DrivenEvents;
  readonly limit: DrivenEvents;
  /** The limit's way with Deno and zeromq.js. */
  readonly bare: DrivenEvents;
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

/** Starts the bare programs, which need no more than a folder. */
async function startBare(
  { programs }: BenchCluster,
  started: AsyncDisposableStack,
): Promise<DrivenCluster> {
  const folder = `${programs.dir}/bare`;
  const [log, pipe] = [`${folder}/log`, `${folder}/lines`];
  await Deno.mkdir(folder);
  await Deno.writeTextFile(log, "");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const start = async (...args: readonly string[]) => {
    const program = started.use(startProgram("bare_way.ts", ...args));
    const ready = await program.waitForLine(/^ready/);
    return { pid: program.pid, urls: ready.split(" ").slice(1) };
  };
  const { pid, urls: [control = "", stream = ""] } = await start(
    "hub",
    `${folder}/hub.db`,
  );
  const follower = await start("follower", stream, pipe);
  const reader = await start("reader", log, control);
  return { log, pipe, pids: [pid, follower.pid, reader.pid] };
}

/**
 * Measures all sides in turns, so that a slow moment of the machine affects
 * all.
 */
async function measureRounds(): Promise<readonly Round[]> {
  await using cluster = await BenchCluster.create({ durability: "power" });
  await using started = new AsyncDisposableStack();
  const programs = await startOurs(cluster);
  const barePrograms = await startBare(cluster, started);
  const warmUp = { events: WARM_UP, perSecond: PER_SECOND };
  await driveOurs(programs, warmUp);
  await driveOurs(barePrograms, { ...warmUp, tries: 3 });
  const pace = { events: EVENTS, perSecond: PER_SECOND };
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = `${cluster.programs.dir}/limit-${round}`;
    await Deno.mkdir(folder);
    const limit = await driveLimit(folder, pace);
    const bare = await driveOurs(barePrograms, pace);
    rounds.push({ ours: await driveOurs(programs, pace), limit, bare });
  }
  return rounds;
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
  const rounds = await measureRounds();
  const ours = rounds.map((round) => round.ours);
  const limits = rounds.map((round) => round.limit);
  const bare = rounds.map((round) => round.bare);
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
    `protocol 2: append to subscriber's action, durability power (${ROUNDS} rounds of ${EVENTS} events)`,
    tableOf(figures),
  );
  printTable("the limit's way with Deno and zeromq.js, and nothing else", [
    ...[50, 99].map((percent) => bareRow(percent, bare, limits)),
  ]);
  printTable("processor time of an event (median of the rounds)", [
    ...["publisher", "subscriber", "monitor"].map((name, at) =>
      cpuRow(name, ours, at)
    ),
    ...["bare: hub", "bare: follower", "bare: reader"].map((name, at) =>
      cpuRow(name, bare, at)
    ),
    ...["limit: driver", "limit: reader", "limit: hub"].map((name, at) =>
      cpuRow(name, limits, at)
    ),
  ]);
  return figures;
}

function bareRow(
  percent: number,
  bare: readonly DrivenEvents[],
  limits: readonly DrivenEvents[],
): string[] {
  const tookMs = percentileOf(bare, percent);
  const ratio = tookMs / percentileOf(limits, percent);
  return [
    `append to line, p${percent}`,
    `${tookMs.toFixed(2)} ms`,
    `${ratio.toFixed(2)} times the limit`,
  ];
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
