/**
 * Changes as a publisher numbers them, for what keeps them.
 *
 * @module
 */

import fc from "fast-check";
import type { BanKey, Change, ChangeDraft } from "../../../lib/ban/ban.ts";
import type { EventId } from "../../../lib/base/ids.ts";
import type { StoredReceipt, StoreEntry } from "../../../lib/ban/ban_store.ts";
import { address, host, jail } from "./core_values.ts";

/** When the changes here happen. */
export const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);

/** What names a ban. */
export function banKey(addressText: string, jailText = "sshd"): BanKey {
  return { jail: jail(jailText), address: address(addressText) };
}

/** The key of one of 2^24 bans. */
export function banKeyAt(index: number): BanKey {
  // Neighbours in time are no neighbours in the database.
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

/** A node takes its report back. */
export function withdraw(
  seq: number,
  key: BanKey,
  origin = "web-1",
): Change {
  const atMs = NOW_MS + seq;
  return { kind: "withdraw", seq, ...key, origin: host(origin), atMs };
}

/** An operator lifts a ban. */
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

/** A change that came without an event's name. */
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

/** How many reports of different bans, from a number on. */
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

/** Batches of changes, also of bans and reports that are none. Times come in any order. */
export const anyBatches: fc.Arbitrary<Change[][]> = fc.array(
  fc.array(anyDraft, { maxLength: 12 }),
  { maxLength: 6 },
).map((batches) => {
  let seq = 0;
  return batches.map((drafts) =>
    drafts.map((draft): Change => ({ ...draft, seq: ++seq }))
  );
});
