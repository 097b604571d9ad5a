/**
 * Numbered changes of a publisher, for tests of stores.
 *
 * @module
 */

import fc from "fast-check";
import type { BanKey, Change, ChangeDraft } from "../../../lib/ban/ban.ts";
import type { EventId } from "../../../lib/base/ids.ts";
import type { StoredReceipt, StoreEntry } from "../../../lib/ban/ban_store.ts";
import { address, host, jail } from "./core_values.ts";

/** The time of the changes. */
export const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);

/** The key of a ban. */
export function banKey(addressText: string, jailText = "sshd"): BanKey {
  return { jail: jail(jailText), address: address(addressText) };
}

/** The key of one of 2^24 bans. */
export function banKeyAt(index: number): BanKey {
  // Changes close in time are far apart in the database.
  const place = Math.imul(index, 0x9e3779b1) >>> 8;
  return banKey(`10.${place >> 16}.${place >> 8 & 255}.${place & 255}`);
}

/** A report of a node. */
export function report(
  seq: number,
  key: BanKey,
  more: { origin?: string; atMs?: number; expiresMs?: number } = {},
): Change & { readonly kind: "report" } {
  const { origin = "web-1", atMs = NOW_MS + seq, expiresMs = Infinity } = more;
  const isPending = false;
  return {
    kind: "report",
    seq,
    ...key,
    origin: host(origin),
    atMs,
    expiresMs,
    isPending,
  };
}

/** A node's withdrawal of its report. */
export function withdraw(
  seq: number,
  key: BanKey,
  origin = "web-1",
): Change {
  const atMs = NOW_MS + seq;
  return { kind: "withdraw", seq, ...key, origin: host(origin), atMs };
}

/** An operator's lift. */
export function lift(seq: number, key: BanKey): Change {
  return { kind: "lift", seq, ...key, by: host("ops"), atMs: NOW_MS + seq };
}

/** The name of an event. */
export function eventName(
  text: string,
  origin = "web-1",
): NonNullable<StoreEntry["event"]> {
  return { origin: host(origin), id: text.padEnd(16, "_") as EventId };
}

/** A change without an event's name. */
export function unnamed(change: Change): StoreEntry {
  return { event: undefined, change };
}

/** A receipt of a node. */
export function receipt(
  key: BanKey,
  more: Partial<Omit<StoredReceipt, "node">> & { node?: string } = {},
): StoredReceipt {
  const { node = "web-2", ...others } = more;
  return {
    ...key,
    node: host(node),
    action: "nftables",
    outcome: "applied",
    detail: "",
    atMs: NOW_MS,
    ...others,
  };
}

/** Reports of different bans, starting at a sequence number. */
export function reports(count: number, firstSeq = 1): Change[] {
  return Array.from(
    { length: count },
    (_, index) => report(firstSeq + index, banKeyAt(firstSeq + index)),
  );
}

const anyKey = fc.constantFrom(
  banKey("192.0.2.1"),
  banKey("192.0.2.1", "nginx-http-auth"),
  banKey("2001:db8::/48"),
  banKey("198.51.100.7"),
);
const anyNode = fc.constantFrom("web-1", "web-2", "db_1.example").map(host);
const anyTime = fc.integer({ min: 0, max: 60_000 });

const anyDraft: fc.Arbitrary<ChangeDraft> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      key: anyKey,
      origin: anyNode,
      atMs: anyTime,
      expiresMs: fc.oneof(anyTime, fc.constantFrom(Infinity, 30_000.25)),
      isPending: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("withdraw" as const),
      key: anyKey,
      origin: anyNode,
      atMs: anyTime,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("lift" as const),
      key: anyKey,
      by: anyNode,
      atMs: anyTime,
    }),
  },
).map(({ key, ...draft }) => ({ ...draft, ...key }));

/**
 * Batches of changes, including some without effect, with times in any order.
 */
export const anyBatches: fc.Arbitrary<Change[][]> = fc.array(
  fc.array(anyDraft, { maxLength: 12 }),
  { maxLength: 6 },
).map((batches) => {
  let seq = 0;
  return batches.map((drafts) =>
    drafts.map((draft): Change => ({ ...draft, seq: ++seq }))
  );
});
