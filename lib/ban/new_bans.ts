/**
 * The bans that begin with changes which are not in the table yet.
 *
 * @module
 */

import { type Ban, type BanKey, type Change, keyOf } from "./ban.ts";
import { evolve } from "./ban_decision.ts";
import type { StoreEntry } from "./ban_store.ts";
import type { BanTable } from "./ban_table.ts";

/**
 * The bans that begin: with a report, while no other counts.
 *
 * @param entries With changes that follow each other.
 * @param table The bans before them.
 * @param isWanted Only of these it is looked whether they begin.
 */
export function newBans(
  entries: readonly StoreEntry[],
  table: Pick<BanTable, "find">,
  isWanted: (key: BanKey) => boolean,
): readonly BanKey[] {
  const begun: BanKey[] = [];
  const bans = new Map<string, Ban | undefined>();
  for (const { change } of entries) {
    if (change === undefined || !isWanted(change)) continue;
    const key = keyOf(change);
    const ban = bans.has(key) ? bans.get(key) : table.find(change);
    if (begins(ban, change)) begun.push(change);
    bans.set(key, evolve(ban, change));
  }
  return begun;
}

function begins(ban: Ban | undefined, { kind, atMs }: Change): boolean {
  return kind === "report" &&
    ban?.reports.some(({ expiresMs }) => expiresMs > atMs) !== true;
}
