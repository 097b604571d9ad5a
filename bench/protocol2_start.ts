/**
 * A publisher that has a million bans: its start, and what it takes.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { startProgram } from "./bare_peer_process.ts";
import { printTable } from "./figures.ts";
import {
  BenchCluster,
  fillStore,
  goalRow,
  medians,
} from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const BANS = sized(1_000_000, 20_000);
const RUNS = sized(3, 1);
const GOAL_SECONDS = 5;
const GOAL_BYTES = 600e6;
const PAGE_ROWS = 2_000;

async function start(cluster: BenchCluster) {
  const startMs = performance.now();
  const pid = await cluster.start("publisher", "hub");
  const seconds = (performance.now() - startMs) / 1_000;
  const figures = await cluster.until("publisher", "hub", () => true);
  if (figures["bans"] !== BANS) throw new Error(`${figures["bans"]} bans`);
  const { peakBytes, residentBytes, cpuSeconds } = await processUsage(pid);
  await cluster.stop("publisher", "hub");
  return { seconds, cpuSeconds, peakBytes, residentBytes };
}

/** The same rows out of the same file, unlooked at. */
function bareRead(path: string): Promise<{ seconds: number }> {
  const startMs = performance.now();
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const page = database.prepare(`
      SELECT * FROM log WHERE position > ?
      ORDER BY position LIMIT ${PAGE_ROWS}`);
    let last = 0;
    let rows: readonly Readonly<Record<string, unknown>>[];
    do {
      rows = page.all(last);
      last = Number(rows.at(-1)?.["position"]);
    } while (rows.length === PAGE_ROWS);
    return Promise.resolve({ seconds: (performance.now() - startMs) / 1_000 });
  } finally {
    database.close();
  }
}

/** What the table alone takes, in a process of its own. */
async function tableBytes(): Promise<{ bytes: number }> {
  await using child = startProgram("table_memory.ts", BANS);
  const { code } = await child.ended;
  if (code !== 0) throw new Error(child.stderr.join("\n"));
  return { bytes: Number(child.stdout[0]) };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Measures and prints. */
export async function benchStart(): Promise<void> {
  await using cluster = await BenchCluster.create();
  await fillStore(cluster.storePath, BANS);
  const ours = await medians(RUNS, () => start(cluster));
  const bare = await medians(RUNS, () => bareRead(cluster.storePath));
  const table = await medians(RUNS, tableBytes);
  printTable(`protocol 2: ${BANS} bans (median of ${RUNS} runs)`, [
    goalRow(
      "start of the publisher until READY",
      `${ours.seconds.toFixed(2)} s`,
      `under ${GOAL_SECONDS} s`,
      ours.seconds < GOAL_SECONDS,
      `bare SQLite reads the rows in ${bare.seconds.toFixed(2)} s`,
    ),
    [
      "its processor time and memory",
      `${ours.cpuSeconds.toFixed(2)} s`,
      `${megabytes(ours.peakBytes)} at the most`,
      `${megabytes(ours.residentBytes)} then`,
    ],
    goalRow(
      "the table alone, in the heap",
      megabytes(table.bytes),
      `under ${megabytes(GOAL_BYTES)}`,
      table.bytes < GOAL_BYTES,
    ),
  ]);
}

if (import.meta.main) await benchStart();
