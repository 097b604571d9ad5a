/**
 * A subscriber that joins late, without any bans.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import * as zmq from "zeromq";
import { banStorePath } from "../lib/store/io/sqlite_ban_store.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { startPeer } from "./bare_peer_process.ts";
import { bareReceive, bareSend, SENDER } from "./bare_zmq.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  fillStore,
  medians,
} from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const BANS = sized(100_000, 4_000);
const MANY_BANS = 1_000_000;
const HAS_MANY = sized(true, false);
const RUNS = sized(5, 1);
const MANY_RUNS = 3;
/**
 * Highest ratio for a million bans to the machine's time for a tenth of them.
 */
const MANY_TIMES = 10;
const GOAL = 2;
const BANS_PER_PART = 4_096;
/** Size in a block of a ban with one report. */
const BAN_BYTES = 23;

/** The costs of a join. */
interface Join {
  /** Seconds from WELCOME, which SYNC follows at once, until it is in sync. */
  readonly seconds: number;
  /** Seconds until its actions had all bans. */
  readonly acted: number;
  /** CPU time of the publisher meanwhile. */
  readonly publisher: number;
  /** CPU time of the subscriber, including its start. */
  readonly subscriber: number;
}

async function join(store: string | undefined, bans: number): Promise<Join> {
  await using cluster = await BenchCluster.create();
  if (store !== undefined) await Deno.copyFile(store, cluster.storePath);
  const hub = await cluster.start("publisher", "hub");
  const { cpuSeconds } = await processUsage(hub);
  const host = await cluster.start("subscriber", "host-b");
  await cluster.until(
    "subscriber",
    "host-b",
    ({ following, bans: has }) => following === true && has === bans,
    2,
  );
  const followingMs = Date.now();
  const [ours, its] = [await processUsage(hub), await processUsage(host)];
  await cluster.until("subscriber", "host-b", ({ taken }) => taken === bans);
  const startMs = await connectedMs(`${cluster.programs.dir}/hub.log`);
  return {
    seconds: (followingMs - startMs) / 1_000,
    acted: (Date.now() - startMs) / 1_000,
    publisher: ours.cpuSeconds - cpuSeconds,
    subscriber: its.cpuSeconds,
  };
}

/** Time of the publisher's WELCOME to the subscriber, from its log. */
async function connectedMs(log: string): Promise<number> {
  const line = (await Deno.readTextFile(log)).split("\n")
    .find((text) => /node connected .*role=subscriber/.test(text)) ?? "";
  const ms = Date.parse(line.slice(0, line.indexOf(" ")));
  if (Number.isNaN(ms)) throw new Error(`No time in: ${line}`);
  return ms;
}

/** Transfers the same bytes, with a request for each part. */
async function bareZeromq() {
  const url = `tcp://127.0.0.1:${freePort()}`;
  await using _peer = await startPeer("echo", url);
  const dealer = new zmq.Dealer(SENDER);
  dealer.connect(url);
  try {
    const part = new Uint8Array(BANS_PER_PART * BAN_BYTES);
    const startMs = performance.now();
    for (let sent = 0; sent < BANS; sent += BANS_PER_PART) {
      await bareSend(dealer, ["F2B2", "SNAPSHOT", part]);
      await bareReceive(dealer);
    }
    return { seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    dealer.close();
  }
}

/** Inserts the same rows into tables with the same keys, without checks. */
async function bareSqlite() {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const database = new DatabaseSync(`${folder}/bare.sqlite3`);
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -16384;
      CREATE TABLE bans (id INTEGER PRIMARY KEY, jail TEXT, address TEXT,
        seq INTEGER, is_pending INTEGER, UNIQUE (address, jail)) STRICT;
      CREATE TABLE reports (ban INTEGER, origin TEXT, first_ms REAL,
        last_ms REAL, expires_ms REAL, PRIMARY KEY (ban, origin))
        STRICT, WITHOUT ROWID`,
    );
    const ban = database.prepare(
      "INSERT INTO bans VALUES (?, 'sshd', ?, 1, 0)",
    );
    const report = database.prepare(
      "INSERT INTO reports VALUES (?1, 'host-a', ?1, ?1, ?1)",
    );
    const addresses = Array.from({ length: BANS }, (_, at) => addressAt(at));
    const startMs = performance.now();
    database.exec("BEGIN IMMEDIATE");
    addresses.forEach((address, at) => {
      ban.run(at + 1, address);
      report.run(at + 1);
    });
    database.exec("COMMIT");
    return { seconds: (performance.now() - startMs) / 1_000 };
  } finally {
    database.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Fills a store, and measures joins. */
async function measure(bans: number, runs: number) {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    const store = banStorePath(folder);
    await fillStore(store, bans);
    return await medians(runs, async () => ({ ...await join(store, bans) }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rowsOf(
  bans: number,
  { seconds, acted, publisher, subscriber }: Join,
  startSeconds: number,
): string[][] {
  const cpu = publisher + subscriber - startSeconds;
  return [
    [
      `${bans} bans, WELCOME to following`,
      `${seconds.toFixed(2)} s`,
      `all told to the actions after ${acted.toFixed(2)} s`,
    ],
    [
      "  processor time of both",
      `${cpu.toFixed(2)} s`,
      `${(cpu * 1e6 / bans).toFixed(1)} us a ban; the publisher's ${
        publisher.toFixed(2)
      } s`,
    ],
  ];
}

function figureOf(bans: number, seconds: number, limit: number): Outcome {
  const what = `a late joiner takes ${bans} bans`;
  if (IS_SHORT) return { what, why: "it takes 100,000 bans" };
  return {
    what,
    ours: seconds,
    limit,
    limitIs: bans === BANS
      ? "bare libzmq for the bytes and bare SQLite for the rows"
      : `${MANY_TIMES} times that of ${BANS}`,
    unit: "s",
    goal: GOAL,
  };
}

/** Measures and prints. */
export async function benchJoiner(): Promise<readonly Outcome[]> {
  const bytes = await medians(RUNS, bareZeromq);
  const rows = await medians(RUNS, bareSqlite);
  const limit = bytes.seconds + rows.seconds;
  const none = await medians(RUNS, async () => ({
    ...await join(undefined, 0),
  }));
  const ours = await measure(BANS, RUNS);
  const started = none.publisher + none.subscriber;
  const table = [
    ...rowsOf(BANS, ours, started),
    ["bare libzmq, the same bytes", `${bytes.seconds.toFixed(2)} s`],
    ["bare SQLite, the same rows", `${rows.seconds.toFixed(2)} s`],
  ];
  const outcomes: Outcome[] = [figureOf(BANS, ours.seconds, limit)];
  const what = `a late joiner takes ${MANY_BANS} bans`;
  if (!HAS_MANY) {
    outcomes.push({ what, why: "a million bans take their time" });
  } else {
    const many = await measure(MANY_BANS, MANY_RUNS);
    table.push(...rowsOf(MANY_BANS, many, started));
    outcomes.push(figureOf(MANY_BANS, many.seconds, MANY_TIMES * limit));
  }
  printTable(`protocol 2: a late joiner (median of ${RUNS} runs)`, table);
  return outcomes;
}

if (import.meta.main) await benchJoiner();
