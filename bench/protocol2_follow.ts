/**
 * A burst from fail2ban's log to a subscriber's action: CPU time per event in
 * each of the three programs, and events per second.
 *
 * @module
 */

import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { printTable } from "./figures.ts";
import { addressAt, BenchCluster, medians } from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const EVENTS = sized(50_000, 2_000);
const WARM_UP = sized(5_000, 500);
const RUNS = sized(3, 1);

/** The costs of a burst. */
export interface FollowFigures {
  /** Events that passed all programs per second. */
  readonly perSecond: number;
  /** CPU time per event of each program, in microseconds. */
  readonly publisherUs: number;
  readonly monitorUs: number;
  readonly subscriberUs: number;
}

function lines(from: number, count: number): string {
  return Array.from(
    { length: count },
    (_, at) => banLine("sshd", addressAt(from + at)),
  ).join("");
}

async function follow(): Promise<Record<keyof FollowFigures, number>> {
  await using cluster = await BenchCluster.create();
  const pids = [
    await cluster.start("publisher", "hub"),
    await cluster.start("subscriber", "host-b"),
    await cluster.start("monitor", "host-a"),
  ];
  const log = cluster.programs.logPath("host-a");
  const settled = (count: number) =>
    cluster.until("subscriber", "host-b", ({ seq }) => seq === count, 50);
  await appendLog(log, lines(0, WARM_UP));
  // Its stream may still have been connecting.
  const { gaps: earlier } = await settled(WARM_UP);
  const text = lines(WARM_UP, EVENTS);
  const before = await Promise.all(pids.map(cpuUs));
  const startMs = performance.now();
  await appendLog(log, text);
  const { gaps } = await settled(WARM_UP + EVENTS);
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await Promise.all(pids.map(cpuUs));
  if (gaps !== earlier) throw new Error(`${gaps} gaps, ${earlier} before`);
  const [publisherUs = 0, subscriberUs = 0, monitorUs = 0] = after.map(
    (each, at) => (each - (before[at] ?? 0)) / EVENTS,
  );
  return { perSecond: EVENTS / seconds, publisherUs, monitorUs, subscriberUs };
}

async function cpuUs(pid: number): Promise<number> {
  return (await processUsage(pid)).cpuSeconds * 1e6;
}

/** Measures the medians of several runs. */
export async function measureFollow(): Promise<FollowFigures> {
  return await medians(RUNS, follow);
}

/** Measures and prints. */
export async function benchFollow(): Promise<void> {
  const { perSecond, publisherUs, monitorUs, subscriberUs } =
    await measureFollow();
  const us = (value: number) => `${value.toFixed(1)} us of CPU an event`;
  printTable(
    `protocol 2: ${EVENTS} lines at once, log to a subscriber that follows (median of ${RUNS} runs)`,
    [
      ["all the way", `${Math.round(perSecond)} events/s`],
      ["publisher", us(publisherUs)],
      ["monitor", us(monitorUs)],
      ["subscriber", us(subscriberUs)],
    ],
  );
}

if (import.meta.main) await benchFollow();
