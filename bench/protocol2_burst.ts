/**
 * A burst from fail2ban's log to the publisher's acknowledgement.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import * as zmq from "zeromq";
import type { Durability } from "../lib/ban/ban_store.ts";
import { appendLog } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { bareReceive, bareSend, SENDER } from "./bare_zmq.ts";
import { startPeer } from "./bare_peer_process.ts";
import { printTable } from "./figures.ts";
import {
  addressAt,
  BATCH,
  BenchCluster,
  goalRow,
  linesFrom,
  medians,
} from "./protocol2_setup.ts";
import { eventIdAt } from "./random_inputs.ts";
import { sized } from "./size.ts";

const EVENTS = sized(100_000, 2_000);
const RUNS = sized(3, 1);
const WANTED_PER_SECOND = 20_000;
/** Number of warm-up events before the burst. */
const WARM_UP = sized(5_000, 500);
/** Size of an event on the wire, with its share of the message. */
const EVENT_BYTES = 150;

const SYNCHRONOUS = { power: "FULL", process: "NORMAL" } as const;

async function burst(durability: Durability) {
  await using cluster = await BenchCluster.create({ durability });
  const pids = [
    await cluster.start("publisher", "hub"),
    await cluster.start("monitor", "host-a"),
  ];
  const log = cluster.programs.logPath("host-a");
  const settled = (count: number) =>
    cluster.until(
      "monitor",
      "host-a",
      ({ acknowledged }) => acknowledged === count,
    );
  await appendLog(log, linesFrom(0, WARM_UP));
  await settled(WARM_UP);
  const text = linesFrom(WARM_UP, EVENTS);
  const before = await Promise.all(pids.map(cpuSeconds));
  const startMs = performance.now();
  await appendLog(log, text);
  await settled(WARM_UP + EVENTS);
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await Promise.all(pids.map(cpuSeconds));
  const [publisher = 0, monitor = 0] = after.map((each, index) =>
    each - (before[index] ?? 0)
  );
  const figures = await cluster.until("publisher", "hub", () => true);
  const bans = Number(figures["bans"]);
  if (bans !== WARM_UP + EVENTS) throw new Error(`${bans} bans are stored`);
  return { perSecond: EVENTS / seconds, publisher, monitor };
}

async function cpuSeconds(pid: number): Promise<number> {
  return (await processUsage(pid)).cpuSeconds;
}

/** Inserts an event's row into a table without an index: events/s. */
async function bareSqlite(durability: Durability, atOnce: number) {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const database = new DatabaseSync(`${folder}/bare.sqlite3`);
  try {
    database.exec(`
      CREATE TABLE changes (
        seq INTEGER PRIMARY KEY, at_ms, kind, jail, address, origin, expires_ms,
        is_pending, event_id, sum
      );
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${SYNCHRONOUS[durability]};
      PRAGMA cache_size = -32768;
      PRAGMA wal_autocheckpoint = 4096`);
    const put = database.prepare(
      "INSERT INTO changes VALUES (?1, ?2, 'report', 'sshd', ?3, 'host-a', ?2, 0, ?4, 0)",
    );
    const addresses = Array.from({ length: EVENTS }, (_, at) => addressAt(at));
    const ids = Array.from({ length: EVENTS }, (_, at) => eventIdAt(at));
    const startMs = performance.now();
    for (let start = 0; start < EVENTS; start += atOnce) {
      database.exec("BEGIN IMMEDIATE");
      for (let at = start; at < start + atOnce; at++) {
        put.run(at + 1, at, addresses[at] ?? "", ids[at] ?? "");
      }
      database.exec("COMMIT");
    }
    return { perSecond: EVENTS / ((performance.now() - startMs) / 1_000) };
  } finally {
    database.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Sends messages of several events from a DEALER to a ROUTER: events/s. */
async function bareZeromq(eventsPerMessage: number) {
  const url = `tcp://127.0.0.1:${freePort()}`;
  const messages = EVENTS / eventsPerMessage;
  await using _peer = await startPeer("count", url, messages);
  const dealer = new zmq.Dealer(SENDER);
  dealer.connect(url);
  try {
    const body = new Uint8Array(EVENT_BYTES * eventsPerMessage);
    const startMs = performance.now();
    for (let at = 0; at < messages; at++) {
      await bareSend(dealer, ["F2B2", "EVENTS", body]);
    }
    await bareReceive(dealer);
    return { perSecond: EVENTS / ((performance.now() - startMs) / 1_000) };
  } finally {
    dealer.close();
  }
}

function cpuUs(seconds: number): string {
  return `${(seconds * 1e6 / EVENTS).toFixed(1)} us`;
}

/** Measures and prints. */
export async function benchBurst(): Promise<void> {
  const rows: string[][] = [];
  for (const durability of ["power", "process"] as const) {
    const ours = await medians(RUNS, () => burst(durability));
    const bare = await medians(RUNS, () => bareSqlite(durability, 2_000));
    rows.push([
      ...goalRow(
        `stored and acknowledged, durability ${durability}`,
        `${Math.round(ours.perSecond)} events/s`,
        `${WANTED_PER_SECOND} events/s`,
        ours.perSecond >= WANTED_PER_SECOND,
        `bare SQLite ${Math.round(bare.perSecond)} events/s`,
      ),
      `CPU of an event: publisher ${cpuUs(ours.publisher)}, monitor ${
        cpuUs(ours.monitor)
      }`,
    ]);
  }
  for (const atOnce of [1, BATCH]) {
    const { perSecond } = await medians(RUNS, () => bareZeromq(atOnce));
    rows.push([
      `bare libzmq, ${atOnce} to a message`,
      `${Math.round(perSecond)} events/s`,
    ]);
  }
  printTable(
    `protocol 2: ${EVENTS} lines at once, log to ACK (median of ${RUNS} runs)`,
    rows,
  );
}

if (import.meta.main) await benchBurst();
