/**
 * From fail2ban's log to another host's subscriber, one event after the other.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import * as zmq from "zeromq";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { startPeer } from "./bare_peer_process.ts";
import { bareReceive, bareSend, SENDER } from "./bare_zmq.ts";
import { percentile, printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  goalRow,
  medians,
} from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const EVENTS = sized(200, 10);
const PAUSE_MS = 50;
const RUNS = sized(3, 1);
const GOAL_MS = 5;
const BARE_CALLS = sized(1_000, 50);

function percentiles(valuesMs: readonly number[]) {
  const sorted = valuesMs.toSorted((left, right) => left - right);
  return { p50: percentile(sorted, 50), p99: percentile(sorted, 99) };
}

async function latency() {
  await using cluster = await BenchCluster.create({ durability: "power" });
  const heardAtMs = new Map<string, number>();
  await cluster.start("publisher", "hub");
  await cluster.programs.start("subscriber", "host-b", (line) => {
    const address = /Got broadcast message: .*\|Ban\|(.*)$/.exec(line)?.[1];
    if (address !== undefined) heardAtMs.set(address, performance.now());
  });
  await cluster.start("monitor", "host-a");
  await cluster.until(
    "subscriber",
    "host-b",
    ({ following }) => following === true,
  );
  const log = cluster.programs.logPath("host-a");
  const tookMs: number[] = [];
  for (let index = 0; index < EVENTS; index++) {
    const address = addressAt(index);
    const writtenMs = performance.now();
    await appendLog(log, banLine("sshd", address));
    const arrivedMs = await waitUntil(() => heardAtMs.get(address), {
      what: address,
      intervalMs: 1,
    });
    tookMs.push(arrivedMs - writtenMs);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return percentiles(tookMs);
}

/** There and back between two processes. */
async function bareRoundTrip() {
  const url = `tcp://127.0.0.1:${freePort()}`;
  await using _peer = await startPeer("echo", url);
  const dealer = new zmq.Dealer(SENDER);
  dealer.connect(url);
  try {
    return percentiles(
      await timed(BARE_CALLS, async () => {
        await bareSend(dealer, ["F2B2", "EVENTS", new Uint8Array(150)]);
        await bareReceive(dealer);
      }),
    );
  } finally {
    dealer.close();
  }
}

/** A row, and it is on the disk. */
async function bareCommit() {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const database = new DatabaseSync(`${folder}/bare.sqlite3`);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT) STRICT`);
    const put = database.prepare("INSERT INTO bare (text) VALUES (?)");
    return percentiles(
      await timed(BARE_CALLS, () => {
        put.run("x".repeat(500));
      }),
    );
  } finally {
    database.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function timed(
  calls: number,
  call: () => void | Promise<void>,
): Promise<number[]> {
  const tookMs: number[] = [];
  for (let at = 0; at < calls; at++) {
    const startMs = performance.now();
    await call();
    tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}

function both({ p50, p99 }: { p50: number; p99: number }): string {
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}

/** Measures and prints. */
export async function benchLatency(): Promise<void> {
  const ours = await medians(RUNS, latency);
  printTable(
    `protocol 2: append to subscriber, durability power (median of ${RUNS} runs of ${EVENTS} events)`,
    [
      goalRow(
        "log to subscriber's action",
        both(ours),
        `p50 under ${GOAL_MS} ms`,
        ours.p50 < GOAL_MS,
      ),
      ["bare libzmq, there and back", both(await medians(RUNS, bareRoundTrip))],
      [
        "bare SQLite, one row on the disk",
        both(await medians(RUNS, bareCommit)),
      ],
    ],
  );
}

if (import.meta.main) await benchLatency();
