/**
 * Compares the bans of all hosts of a soak.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { readDatabase } from "../store/stored_tables.ts";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { replicaPath } from "../../../lib/store/io/sqlite_replica_store.ts";
import type { Ban } from "../../../lib/ban/ban.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import { readReplica } from "../../../lib/store/replica_tables.ts";
import { bannedBy } from "../cluster/host_agreement.ts";
import { banned } from "../cluster/acting_nodes.ts";
import { SOAK_HOSTS, SOAK_JAILS, type SoakCluster } from "./soak_cluster.ts";

const TABLE = "fail2ban_cluster";

/** Current bans as `jail address`, with the nodes that report them. */
type Table = ReadonlyMap<string, readonly string[]>;

/** The result of a comparison. */
export interface Look {
  /** Bans in the publisher's table. */
  readonly bans: number;
  /** The differences, one per line; empty when all agree. */
  readonly differences: readonly string[];
}

/** Compares all tables, fail2bans and firewalls. */
export async function look(soak: SoakCluster): Promise<Look> {
  const { cluster } = soak;
  const table = tableIn(
    banStorePath(cluster.stateDir("hub")),
    (database) => new BanDatabase(database).table.bans(),
  );
  const differences: string[] = [];
  const compare = (
    what: string,
    here: Iterable<string>,
    wanted: Iterable<string>,
  ) => {
    const difference = differenceOf(new Set(here), new Set(wanted));
    if (difference !== "") differences.push(`${what}: ${difference}`);
  };
  for (const host of SOAK_HOSTS) {
    const fail2ban = soak.fail2ban(host);
    compare(
      `reports of ${host}`,
      keysOf(table, (reporters) => reporters.includes(host)),
      await bannedBy(fail2ban, SOAK_JAILS),
    );
    const copy = tableIn(
      replicaPath(cluster.stateDir(host)),
      (database, nowMs) => readReplica(database, nowMs)?.table.bans() ?? [],
    );
    compare(`the copy of ${host}`, copy.keys(), table.keys());
    const others = keysOf(
      table,
      (reporters) => reporters.some((reporter) => reporter !== host),
    ).map((key) => key.split(" ")[1] ?? "");
    compare(`fail2ban's jail of ${host}`, await banned(fail2ban), others);
    compare(`nftables of ${host}`, await inFirewall(soak, host), others);
  }
  return { bans: table.size, differences };
}

function keysOf(
  table: Table,
  isWanted: (reporters: readonly string[]) => boolean,
): string[] {
  return [...table].filter(([, reporters]) => isWanted(reporters))
    .map(([key]) => key);
}

function tableIn(
  path: string,
  read: (database: DatabaseSync, nowMs: number) => Iterable<Ban>,
): Table {
  const nowMs = Date.now();
  return readDatabase(path, (database) => {
    const table = new Map<string, readonly string[]>();
    for (const { jail, address, reports } of read(database, nowMs)) {
      const reporters = reports.filter(({ expiresMs }) => expiresMs > nowMs)
        .map(({ origin }) => origin);
      if (reporters.length > 0) table.set(`${jail} ${address}`, reporters);
    }
    return table;
  });
}

/** Elements of the sets, as in `nft -j`. */
interface NftListing {
  readonly nftables: readonly {
    readonly set?: {
      readonly elem?: readonly (string | { readonly elem: { val: string } })[];
    };
  }[];
}

async function inFirewall(soak: SoakCluster, host: string): Promise<string[]> {
  const tables = await soak.nft(host, "list", "tables");
  if (!tables.includes(TABLE)) return [];
  const text = await soak.nft(host, "-j", "list", "table", "inet", TABLE);
  const { nftables }: NftListing = JSON.parse(text);
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).map((element) =>
      typeof element === "string" ? element : element.elem.val
    )
  );
}

/** A short description of the difference. */
function differenceOf(
  here: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): string {
  const parts = [
    ["missing", wanted.difference(here)],
    ["too many", here.difference(wanted)],
  ] as const;
  return parts.filter(([, some]) => some.size > 0)
    .map(([word, some]) =>
      `${some.size} ${word} (${[...some].slice(0, 3).join(", ")})`
    ).join(", ");
}
