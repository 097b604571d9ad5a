/**
 * Compares a cluster's bans of a host with that host's fail2ban.
 *
 * @module
 */

import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { replicaPath } from "../../../lib/store/io/sqlite_replica_store.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import { readReplica } from "../../../lib/store/replica_tables.ts";
import type { Fail2banServer } from "../fail2ban/fail2ban_server.ts";
import { waitUntil } from "../host/wait_until.ts";
import { readDatabase } from "../store/stored_tables.ts";
import type { TestCluster } from "./test_cluster.ts";

/** Ends in milliseconds since 1970, by `jail address`. */
export type HeldEnds = ReadonlyMap<string, number>;

/**
 * A publisher's stored bans of a node, in its system's clock.
 *
 * @param wallMs That clock's time, in milliseconds since 1970.
 */
export function heldOf(
  cluster: TestCluster,
  node: string,
  wallMs = Date.now(),
  hub = "hub",
): HeldEnds {
  const ends = new Map<string, number>();
  const { table, time } = readDatabase(
    banStorePath(cluster.stateDir(hub)),
    (database) => new BanDatabase(database),
  );
  const aheadMs = time?.aheadMs ?? 0;
  const nowMs = wallMs - aheadMs;
  for (const { jail, address, reports } of table.bans()) {
    const report = reports.find(({ origin }) => origin === node);
    if (report !== undefined && report.expiresMs > nowMs) {
      ends.set(`${jail} ${address}`, report.expiresMs + aheadMs);
    }
  }
  return ends;
}

/** A subscriber's stored bans of a node. */
export function copiedOf(
  cluster: TestCluster,
  node: string,
  subscriber: string,
): HeldEnds {
  const ends = new Map<string, number>();
  const nowMs = Date.now();
  const copy = readDatabase(
    replicaPath(cluster.stateDir(subscriber)),
    (database) => readReplica(database, nowMs),
  );
  for (const { jail, address, reports } of copy?.table.bans() ?? []) {
    const report = reports.find(({ origin }) => origin === node);
    if (report !== undefined) {
      ends.set(`${jail} ${address}`, report.expiresMs);
    }
  }
  return ends;
}

/** The current bans in fail2ban's database. */
export function rowsOf(server: Fail2banServer): HeldEnds {
  const rows = readDatabase(
    server.databasePath,
    (database) =>
      database.prepare(
        "SELECT jail, ip, timeofban AS began, bantime AS lasts FROM bips",
      ).all(),
  );
  const ends = new Map<string, number>();
  for (const { jail, ip, began, lasts } of rows) {
    const endsMs = Number(lasts) < 0
      ? Infinity
      : (Number(began) + Number(lasts)) * 1_000;
    if (endsMs > Date.now()) ends.set(`${jail} ${ip}`, endsMs);
  }
  return ends;
}

/** The bans of a running fail2ban as `jail address`, in order. */
export async function bannedBy(
  server: Fail2banServer,
  jails: readonly string[],
): Promise<string[]> {
  const banned: string[] = [];
  const status = await server.client("status");
  for (const jail of jails) {
    // The jail may have been removed.
    if (!new RegExp(`[:,]\\s*${jail}(?:,|$)`, "m").test(status)) continue;
    const text = await server.client("get", jail, "banip");
    for (const address of text.split(/\s+/)) {
      if (address !== "") banned.push(`${jail} ${address}`);
    }
  }
  return banned.sort();
}

/**
 * Waits until a publisher's bans of a node equal those of a running fail2ban;
 * returns the seconds.
 */
export async function agree(
  held: () => HeldEnds,
  server: Fail2banServer,
  jails: readonly string[],
): Promise<number> {
  const sinceMs = performance.now();
  let last = "";
  await waitUntil(async () => {
    const banned = await bannedBy(server, jails);
    const keys = [...held().keys()].sort();
    last = `fail2ban ${banned.length}, cluster ${keys.length}`;
    return String(keys) === String(banned);
  }, {
    what: () => `fail2ban and the cluster to agree: ${last}`,
    timeoutMs: 90_000,
    intervalMs: 500,
  });
  return Math.round((performance.now() - sinceMs) / 1_000);
}
