/**
 * A subscriber that comes late and has nothing yet.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import * as zmq from "zeromq";
import { banStorePath } from "../lib/store/io/sqlite_ban_store.ts";
import { BAN_TABLES_SCHEMA } from "../lib/store/ban_tables.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import { startPeer } from "./bare_peer_process.ts";
import { bareReceive, bareSend, SENDER } from "./bare_zmq.ts";
import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  fillStore,
  goalRow,
  medians,
} from "./protocol2_setup.ts";
import { IS_SHORT, sized } from "./size.ts";

const BANS = sized(100_000, 4_000);
const RUNS = sized(3, 1);
const GOAL_SECONDS = 2;
const BANS_PER_PART = 2_000;
/** What a ban takes in a snapshot. */
const BAN_BYTES = 170;

/** From WELCOME, which SYNC follows at once, until it follows the stream. */
async function join(store: string) {
  await using cluster = await BenchCluster.create();
  await Deno.copyFile(store, cluster.storePath);
  await cluster.start("publisher", "hub");
  const spawnedMs = Date.now();
  await cluster.start("subscriber", "host-b");
  await cluster.until(
    "subscriber",
    "host-b",
    ({ following, bans }) => following === true && bans === BANS,
    2,
  );
  const followingMs = Date.now();
  await cluster.until(
    "subscriber",
    "host-b",
    ({ taken }) => taken === BANS,
  );
  const startMs = await connectedMs(`${cluster.programs.dir}/hub.log`);
  return {
    program: (startMs - spawnedMs) / 1_000,
    seconds: (followingMs - startMs) / 1_000,
    acted: (Date.now() - followingMs) / 1_000,
  };
}

/** When the publisher said WELCOME to the subscriber, by its log. */
async function connectedMs(log: string): Promise<number> {
  const line = (await Deno.readTextFile(log)).split("\n")
    .find((text) => /node connected .*role=subscriber/.test(text)) ?? "";
  const ms = Date.parse(line.slice(0, line.indexOf(" ")));
  if (Number.isNaN(ms)) throw new Error(`No time in: ${line}`);
  return ms;
}

/** The same bytes, each part asked for. */
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

/** The same rows into a copy's tables. */
async function bareSqlite() {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const database = new DatabaseSync(`${folder}/bare.sqlite3`);
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -16384; ${BAN_TABLES_SCHEMA}`,
    );
    const ban = database.prepare(
      "INSERT INTO bans VALUES (?, 'sshd', ?, 1, 0, 0)",
    );
    const report = database.prepare(
      "INSERT INTO reports VALUES (?1, 'host-a', ?1, ?1, ?1, ?1, 0)",
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

/** Measures and prints. @returns The joiner beside what its bytes and rows take. */
export async function benchJoiner(): Promise<readonly Outcome[]> {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    const store = banStorePath(folder);
    await fillStore(store, BANS);
    const ours = await medians(RUNS, () => join(store));
    const bytes = await medians(RUNS, bareZeromq);
    const rows = await medians(RUNS, bareSqlite);
    printTable(
      `protocol 2: a late joiner takes ${BANS} bans (median of ${RUNS} runs)`,
      [
        goalRow(
          "WELCOME and SYNC to following, its copy on disk",
          `${ours.seconds.toFixed(2)} s`,
          `under ${GOAL_SECONDS} s`,
          ours.seconds < GOAL_SECONDS,
        ),
        ["the program's start, before", `${ours.program.toFixed(2)} s`],
        ["all told to the action, after", `${ours.acted.toFixed(2)} s`],
        ["bare libzmq, the same bytes", `${bytes.seconds.toFixed(2)} s`],
        ["bare SQLite, the same rows", `${rows.seconds.toFixed(2)} s`],
      ],
    );
    const what = `a late joiner, ${BANS} bans`;
    if (IS_SHORT) return [{ what, why: "it takes 100,000 bans" }];
    return [{
      what,
      ours: ours.seconds,
      limit: bytes.seconds + rows.seconds,
      limitIs: "bare zmq for the bytes, bare SQLite for the rows",
      unit: "s",
      goal: 2,
    }];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await benchJoiner();
