/**
 * A publisher's store with a long past, made without one.
 *
 * @module
 */

import type { BanKey, Change } from "../../../lib/ban/ban.ts";
import type { StoredReceipt } from "../../../lib/ban/ban_store.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { address, host, jail } from "../values/core_values.ts";

const AT_ONCE = 5_000;

/** What is in the store. */
export interface StoreFilling {
  readonly bans: number;
  /** They have every ban in force. */
  readonly nodes: readonly string[];
  /** Reports of the bans, one after the other. @default {1} */
  readonly times?: number;
  /** Over how long these were spread, in milliseconds. @default {0} */
  readonly spanMs?: number;
}

/** Whom the ban of a number is of: different for 2^24 of them, in no order. */
export function filledKey(index: number): BanKey {
  const place = Math.imul(index, 0x9e3779b1) >>> 8;
  // As in the world, any last octet: nftables' parts go by it.
  const octets = [place >> 16, place >> 8 & 255, place & 255, place % 251 + 1];
  return {
    jail: jail(index % 3 === 0 ? "nginx-http-auth" : "sshd"),
    address: address(octets.join(".")),
  };
}

/** Fills a store that is not there yet. */
export async function fillStore(
  stateDir: string,
  { bans, nodes, times = 1, spanMs = 0 }: StoreFilling,
): Promise<void> {
  using store = SqliteBanStore.open({
    path: banStorePath(stateDir),
    durability: "process",
  });
  const nowMs = Date.now();
  const total = bans * times;
  for (let at = 0; at < total; at += AT_ONCE) {
    const count = Math.min(AT_ONCE, total - at);
    const changes = Array.from({ length: count }, (_, offset): Change => {
      const index = at + offset;
      const atMs = nowMs - spanMs + spanMs * index / total;
      return {
        kind: "report",
        seq: index + 1,
        ...filledKey(index % bans),
        origin: host(`web-${index % 7}`),
        atMs,
        expiresMs: index >= total - bans ? nowMs + 86_400_000 : atMs + 600_000,
        isPending: false,
      };
    });
    await store.append(
      changes.map((change) => ({ event: undefined, change })),
      nowMs,
    );
  }
  while (await store.settle());
  for (const node of nodes) await fillReceipts(store, bans, node, nowMs);
}

async function fillReceipts(
  store: SqliteBanStore,
  bans: number,
  node: string,
  nowMs: number,
): Promise<void> {
  for (let at = 0; at < bans; at += AT_ONCE) {
    const count = Math.min(AT_ONCE, bans - at);
    await store.keepReceipts(
      Array.from({ length: count }, (_, offset): StoredReceipt => ({
        ...filledKey(at + offset),
        node: host(node),
        action: "nftables",
        outcome: "applied",
        detail: "",
        atMs: nowMs,
      })),
    );
  }
}
