/**
 * Reads stored tables of programs: the publisher's bans and history, and a
 * subscriber's replica.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { replicaPath } from "../../../lib/store/io/sqlite_replica_store.ts";
import { readReplica } from "../../../lib/store/replica_tables.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import type { TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** The addresses banned in the publisher's table. */
export function publishersBans(cluster: TestCluster, host = "hub"): string[] {
  return readDatabase(banStorePath(cluster.stateDir(host)), (database) => {
    const { table } = new BanDatabase(database);
    table.expire(Date.now());
    return Array.from(table.bans(), ({ address }): string => address).sort();
  });
}

/** The addresses banned in a subscriber's replica. */
export function copysBans(cluster: TestCluster, host: string): string[] {
  return readDatabase(
    replicaPath(cluster.stateDir(host)),
    (database) =>
      Array.from(
        readReplica(database, Date.now())?.table.bans() ?? [],
        ({ address }): string => address,
      ).sort(),
  );
}

/**
 * Waits until a subscriber has stored exactly these bans, which is after it
 * acts and reports.
 */
export async function waitCopy(
  cluster: TestCluster,
  host: string,
  addresses: readonly string[],
  timeoutMs = 30_000,
): Promise<void> {
  const expected = [...addresses].sort();
  let now: string[] = [];
  await waitUntil(() => {
    now = copysBans(cluster, host);
    return String(now) === String(expected);
  }, {
    what: () =>
      `the copy of ${host}: ${now.length} bans, not ${expected.length}; ${
        String(now).slice(0, 200)
      }`,
    timeoutMs,
    intervalMs: 50,
  });
}

/** The publisher's history in order: `report ADDRESS NODE`. */
export function history(cluster: TestCluster, host = "hub"): string[] {
  return readDatabase(banStorePath(cluster.stateDir(host)), (database) => {
    const store = new BanDatabase(database);
    return store.since(store.keptSince, Infinity).map((change) => {
      const node = change.kind === "lift" ? change.by : change.origin;
      return `${change.kind} ${change.address} ${node}`;
    });
  });
}

/**
 * The history without reports that only correct an end: a monitor reports a ban
 * at once, and again if fail2ban's database, which is written later, has
 * another end.
 */
export function historyOfBans(cluster: TestCluster, host = "hub"): string[] {
  const reported = new Set<string>();
  return history(cluster, host).filter((line) => {
    const [kind, address, node] = line.split(" ");
    const about = `${address} ${node}`;
    const isAgain = kind === "report" && reported.has(about);
    if (kind === "report") reported.add(about);
    else reported.delete(about);
    return !isAgain;
  });
}

/** The publisher's receipts: `applied ADDRESS NODE`. */
export function receipts(cluster: TestCluster, host = "hub"): string[] {
  return readDatabase(banStorePath(cluster.stateDir(host)), (database) => {
    const rows = database.prepare(
      "SELECT outcome, address, node FROM receipts ORDER BY at_ms",
    ).all();
    return rows.map(({ outcome, address, node }) =>
      `${outcome} ${address} ${node}`
    );
  });
}

/** The last stored sequence number. */
export function lastSeq(cluster: TestCluster, host = "hub"): number {
  return readDatabase(banStorePath(cluster.stateDir(host)), (database) => {
    const row = database.prepare("SELECT max(seq) AS seq FROM log").get();
    return Number(row?.["seq"] ?? 0);
  });
}

/** Opens the file read-only beside a running program. */
/** Reads a database, as it is at one moment, while others write it. */
export function readDatabase<T>(
  path: string,
  read: (database: DatabaseSync) => T,
): T {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    database.exec("BEGIN");
    return read(database);
  } finally {
    database.close();
  }
}
