/**
 * What programs have on their disks: the publisher's table and its past, a
 * subscriber's copy.
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

/** Whom the publisher's table bans now. */
export function publishersBans(cluster: TestCluster, host = "hub"): string[] {
  return reading(banStorePath(cluster.stateDir(host)), (database) => {
    const { table } = new BanDatabase(database);
    table.expire(Date.now());
    return Array.from(table.bans(), ({ address }): string => address).sort();
  });
}

/** Whom a subscriber's copy bans now. */
export function copysBans(cluster: TestCluster, host: string): string[] {
  return reading(
    replicaPath(cluster.stateDir(host)),
    (database) =>
      Array.from(
        readReplica(database, Date.now())?.table.bans() ?? [],
        ({ address }): string => address,
      ).sort(),
  );
}

/** Waits until a subscriber has stored a copy that bans just these: it acts, and says so, before that. */
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

/** What happened, as the publisher keeps it, in order: `report ADDRESS NODE`. */
export function history(cluster: TestCluster, host = "hub"): string[] {
  return reading(banStorePath(cluster.stateDir(host)), (database) => {
    const store = new BanDatabase(database);
    return store.since(store.keptSince, Infinity).map((change) => {
      const node = change.kind === "lift" ? change.by : change.origin;
      return `${change.kind} ${change.address} ${node}`;
    });
  });
}

/**
 * The same without reports that only correct an end: a monitor reports a ban
 * at once, and again where fail2ban's database, that is written later, has
 * another end of it.
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

/** What nodes said of bans, as the publisher keeps it: `applied ADDRESS NODE`. */
export function receipts(cluster: TestCluster, host = "hub"): string[] {
  return reading(banStorePath(cluster.stateDir(host)), (database) => {
    const rows = database.prepare(
      "SELECT outcome, address, node FROM receipts ORDER BY at_ms",
    ).all();
    return rows.map(({ outcome, address, node }) =>
      `${outcome} ${address} ${node}`
    );
  });
}

/** The number of the last change that is stored. */
export function lastSeq(cluster: TestCluster, host = "hub"): number {
  return reading(banStorePath(cluster.stateDir(host)), (database) => {
    const row = database.prepare("SELECT max(seq) AS seq FROM log").get();
    return Number(row?.["seq"] ?? 0);
  });
}

/** Others may read while a program has the file. */
function reading<T>(path: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    // All that is read is of one moment.
    database.exec("BEGIN");
    return read(database);
  } finally {
    database.close();
  }
}
