/**
 * Creates a publisher's store with a long history.
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

/** The content of the store. */
export interface StoreFilling {
  readonly bans: number;
  /** Nodes that have every ban in force. */
  readonly nodes: readonly string[];
  /** Number of reports of each ban, in sequence. @default {1} */
  readonly times?: number;
  /** Time over which these are spread, in milliseconds. @default {0} */
  readonly spanMs?: number;
}

/** The key of a ban by number: 2^24 distinct keys in no order. */
export function filledKey(index: number): BanKey {
  const place = Math.imul(index, 0x9e3779b1) >>> 8;
  // Realistic last octets, because nftables splits the bans by them.
  const octets = [place >> 16, place >> 8 & 255, place & 255, place % 251 + 1];
  return {
    jail: jail(index % 3 === 0 ? "nginx-http-auth" : "sshd"),
    address: address(octets.join(".")),
  };
}

/** Creates and fills a store. */
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
