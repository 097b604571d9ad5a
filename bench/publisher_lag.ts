/**
 * The lag of the publisher's event loop in a burst.
 *
 * @module
 */

import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { RUNTIME_FLAGS } from "../roles/program/runtime_flags.ts";
import type { Outcome } from "./figure.ts";
import { percentile, printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  fillStore,
  medians,
} from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const EVENTS = sized(100_000, 2_000);
const RUNS = sized(5, 1);
const WARM_UP = sized(5_000, 500);
const GOAL_MS = 25;

/** The lag in a burst, in milliseconds. */
export interface LagFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly eventsPerSecond: number;
}

function lines(from: number, count: number): string {
  return Array.from(
    { length: count },
    (_, at) => banLine("sshd", addressAt(from + at)),
  ).join("");
}

/** The program that wraps the publisher. */
function watched(file: string): readonly string[] {
  const program = new URL("programs/lag_of_publisher.ts", import.meta.url);
  const config = new URL("../deno.json", import.meta.url);
  return [
    ...[Deno.execPath(), "run", "-A", "--no-prompt", ...RUNTIME_FLAGS],
    ...["--config", config.pathname, program.pathname, file],
  ];
}

async function lagIn(
  path: string,
  fromMs: number,
  toMs: number,
): Promise<readonly number[]> {
  const text = await Deno.readTextFile(path);
  return text.trimEnd().split("\n").flatMap((line) => {
    const [atMs = 0, lateMs = 0] = line.split(" ").map(Number);
    return atMs >= fromMs && atMs <= toMs ? [lateMs] : [];
  }).toSorted((left, right) => left - right);
}

/**
 * Measures a burst.
 *
 * @param bans Number of bans before the burst.
 */
export async function lagOfBurst(bans = 0): Promise<LagFigures> {
  await using cluster = await BenchCluster.create();
  const file = `${cluster.programs.dir}/lag.txt`;
  if (bans > 0) await fillStore(cluster.storePath, bans);
  cluster.programs.startWithin("hub", watched(file));
  await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  const log = cluster.programs.logPath("host-a");
  const settled = (count: number) =>
    cluster.until(
      "monitor",
      "host-a",
      ({ acknowledged }) => acknowledged === count,
    );
  await appendLog(log, lines(bans, WARM_UP));
  await settled(WARM_UP);
  const fromMs = Date.now();
  await appendLog(log, lines(bans + WARM_UP, EVENTS));
  await settled(WARM_UP + EVENTS);
  const toMs = Date.now();
  await cluster.stop("publisher", "hub");
  const late = await lagIn(file, fromMs, toMs);
  return {
    p50Ms: percentile(late, 50),
    p99Ms: percentile(late, 99),
    maxMs: late.at(-1) ?? NaN,
    eventsPerSecond: EVENTS / (toMs - fromMs) * 1_000,
  };
}

/** Measures and prints. */
export async function benchLag(): Promise<readonly Outcome[]> {
  const lag = await medians(RUNS, async () => ({ ...await lagOfBurst() }));
  const texts = [
    `p50 ${lag.p50Ms.toFixed(1)} ms`,
    `p99 ${lag.p99Ms.toFixed(1)} ms`,
    `at the most ${lag.maxMs.toFixed(1)} ms`,
    `${Math.round(lag.eventsPerSecond)} events/s`,
  ];
  printTable(
    `how late the publisher's event loop is in a burst of ${EVENTS} events (median of ${RUNS} runs)`,
    [texts],
  );
  const what = "p99 of how late the publisher's event loop is in a burst";
  if (IS_SHORT) return [{ what, why: "it takes 100,000 events" }];
  return [{
    what,
    ...{ ours: lag.p99Ms, limit: GOAL_MS, goal: 1 },
    ...{ limitIs: "a bound", unit: "ms" },
  }];
}

if (import.meta.main) await benchLag();
