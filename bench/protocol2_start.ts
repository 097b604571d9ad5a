/**
 * The start and memory of a publisher with a million bans, compared with one
 * without bans.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { startProgram } from "./bare_peer_process.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import { BenchCluster, fillStore, medians } from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const BANS = sized(1_000_000, 20_000);
const RUNS = sized(3, 1);
/** Fixed bounds that serve as limits. */
const [BOUND_SECONDS, BOUND_BYTES] = [2, 200];
const PAGE_ROWS = 2_000;

/** The costs of a start. */
export interface StartFigures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Starts a publisher, waits until it answers, and stops it. */
async function start(
  cluster: BenchCluster,
  bans: number,
): Promise<Record<keyof StartFigures, number>> {
  const startMs = performance.now();
  const pid = await cluster.start("publisher", "hub");
  const seconds = (performance.now() - startMs) / 1_000;
  const figures = await cluster.until("publisher", "hub", () => true);
  if (figures["bans"] !== bans) throw new Error(`${figures["bans"]} bans`);
  const { residentBytes, cpuSeconds } = await processUsage(pid);
  await cluster.stop("publisher", "hub");
  return { seconds, cpuSeconds, residentBytes };
}

/** Reads the same rows from the same file, without checks: seconds of CPU. */
async function bareRead(path: string): Promise<{ cpuSeconds: number }> {
  const before = await processUsage(Deno.pid);
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
  } finally {
    database.close();
  }
  const after = await processUsage(Deno.pid);
  return { cpuSeconds: after.cpuSeconds - before.cpuSeconds };
}

/** Memory of the table alone, measured in its own process. */
async function tableBytes(): Promise<{ bytes: number }> {
  await using child = startProgram("table_memory.ts", BANS);
  const { code } = await child.ended;
  if (code !== 0) throw new Error(child.stderr.join("\n"));
  return { bytes: Number(child.stdout[0]) };
}

/** Starts a publisher with bans and one without, and reads the same rows. */
export async function startFigures() {
  await using cluster = await BenchCluster.create();
  const empty = await medians(RUNS, () => start(cluster, 0));
  await fillStore(cluster.storePath, BANS);
  const ours = await medians(RUNS, () => start(cluster, BANS));
  const bare = await medians(RUNS, () => bareRead(cluster.storePath));
  const table = await medians(RUNS, tableBytes);
  return { empty, ours, bare, table };
}

/** Measures and prints. */
export async function benchStart(): Promise<readonly Outcome[]> {
  const { empty, ours, bare, table } = await startFigures();
  printTable(`protocol 2: ${BANS} bans (median of ${RUNS} runs)`, [
    ["start of the publisher until it can be asked", shown(ours)],
    ["the same without bans", shown(empty)],
    ["the table alone", `${Math.round(table.bytes / BANS)} bytes a ban`],
  ]);
  return IS_SHORT
    ? [{ what: "start of a publisher", why: "it takes 1,000,000 bans" }]
    : outcomesOf(ours, empty, bare.cpuSeconds);
}

function outcomesOf(
  ours: StartFigures,
  empty: StartFigures,
  bareCpuSeconds: number,
): readonly Outcome[] {
  const goal = 1;
  return [
    {
      what: `start of a publisher with ${BANS} bans, beyond one without`,
      ours: ours.cpuSeconds - empty.cpuSeconds,
      limit: bareCpuSeconds,
      limitIs: "a bare read of the rows",
      unit: "s of CPU",
      goal: 2,
    },
    {
      what: "the same, until it can be asked",
      ...{ ours: ours.seconds, limit: BOUND_SECONDS, goal },
      ...{ limitIs: "a bound", unit: "s" },
    },
    {
      what: "resident memory of a ban",
      ours: (ours.residentBytes - empty.residentBytes) / BANS,
      ...{ limit: BOUND_BYTES, goal },
      ...{ limitIs: "a bound", unit: "bytes" },
    },
  ];
}

function shown(
  { seconds, cpuSeconds, residentBytes }: Readonly<StartFigures>,
): string {
  return `${seconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, ${
    Math.round(residentBytes / 1e6)
  } MB resident`;
}

if (import.meta.main) await benchStart();
