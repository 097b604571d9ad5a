/**
 * The ports of what keeps the cluster's bans.
 *
 * @module
 */

import type { Ban, BanKey, Change } from "./ban.ts";
import type { Epoch, EventId } from "../base/ids.ts";
import type { Receipt } from "./receipt.ts";
import type { HostName } from "../base/host_name.ts";
import type { NodeRecords } from "../members/node_records.ts";

/** An event that was taken, and what it changed. */
export interface StoreEntry {
  /** Names the event; `undefined`: it came without a name, and may come again. */
  readonly event:
    | { readonly origin: HostName; readonly id: EventId }
    | undefined;
  /** `undefined`: it changed nothing. */
  readonly change: Change | undefined;
}

/** What a node did about a ban, as it is kept. */
export interface StoredReceipt extends Omit<Receipt, "agoMs"> {
  /** The node that told it. */
  readonly node: HostName;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** How the clock that a memory goes by stands to the system's. */
export interface StoreTime {
  /** How far the system's is ahead, in milliseconds. */
  readonly aheadMs: number;
  /** A time that has come, by the memory's clock, in milliseconds since 1970. */
  readonly seenMs: number;
}

/** The publisher's memory. One program has it open at a time. */
export interface BanStore {
  /** Names this memory; it stays the same as long as the memory does. */
  readonly epoch: Epoch;
  /** The number of the last change that is kept; 0: none was ever. */
  readonly seq: number;
  /** {@link BanStore.since} knows every change after this number. */
  readonly keptSince: number;
  /** As it was kept last; `undefined`: it never was. */
  readonly time: StoreTime | undefined;
  /**
   * Keeps how its clock stands to the system's. All other times here are by
   * its clock.
   *
   * @throws {RuntimeError} when that can't be kept.
   */
  keepTime(time: StoreTime): Promise<void>;
  /**
   * Keeps entries, all or none of them. What it resolved for is there after
   * the process was killed, and after a loss of power as far as the store was
   * set up for that.
   *
   * @param entries In their order; the changes' numbers go on from `seq`
   * without a gap, and no event is named that {@link BanStore.hasEvent} knows.
   * @param nowMs Milliseconds since 1970.
   * @throws {RangeError} when a number does not go on, or an event was named
   * before; nothing was kept.
   * @throws {RuntimeError} when they can't be kept; nothing was.
   */
  append(entries: readonly StoreEntry[], nowMs: number): Promise<void>;
  /** Whether an event of that name was kept, and not yet forgotten with the history. */
  hasEvent(origin: HostName, id: EventId): boolean;
  /** Every ban with a report that ends after `nowMs`, with those reports, in any order. */
  bans(nowMs: number): Iterable<Ban>;
  /**
   * The changes after a number, in order.
   *
   * @param seq Not below {@link BanStore.keptSince}.
   * @param max How many at most.
   * @throws {RangeError} when it is below.
   */
  since(seq: number, max: number): readonly Change[];
  /** What is kept of a ban's past: the last `max` changes, oldest first. */
  history(key: BanKey, max: number): readonly Change[];
  /**
   * Keeps receipts: the last of each node and action for a ban, by their time.
   * Those of a ban that has no report and no history here are left out.
   *
   * @returns How many were left out.
   * @throws {RuntimeError} when they can't be kept; none was.
   */
  keepReceipts(receipts: readonly StoredReceipt[]): Promise<number>;
  /** The receipts of a ban, by node and action. */
  receipts(key: BanKey): readonly StoredReceipt[];
  /**
   * Forgets a bounded part of the changes and events from before a time, of
   * the receipts from before it whose ban is no more, and of the reports that
   * are over.
   *
   * @param beforeMs Milliseconds since 1970.
   * @param nowMs Reports that ended by then are over. Milliseconds since 1970.
   * @returns Whether there is more to forget.
   * @throws {RuntimeError} when that can't be kept; nothing was forgotten.
   */
  prune(beforeMs: number, nowMs: number): Promise<boolean>;
  /** What is recorded beside the bans. */
  readonly records: NodeRecords;
}

/** A subscriber's copy, as it was left. */
export interface StoredReplica {
  /** The memory of the publisher that it is a copy of. */
  readonly epoch: Epoch;
  /** The number of the last change that it has. */
  readonly seq: number;
  /** Its bans, in any order. */
  readonly bans: readonly Ban[];
}

/** Keeps a subscriber's copy of the bans. */
export interface ReplicaStore {
  /** The copy as it was left; `undefined`: there is none yet. Reports in it may be over. */
  load(): StoredReplica | undefined;
  /**
   * Takes changes over that go on from the kept number, all or none, and
   * forgets some of the reports that are over: as many as there are changes,
   * and a few more.
   *
   * @param nowMs Reports that ended by then are over. Milliseconds since 1970
   * by the clock that they end by.
   * @throws {RangeError} when a number does not go on, or there is no copy yet.
   * @throws {RuntimeError} when they can't be kept.
   */
  append(changes: readonly Change[], nowMs: number): void;
  /** Replaces everything, at once. @throws {RuntimeError} when that can't be kept. */
  replace(replica: StoredReplica): void;
}
