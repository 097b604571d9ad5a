/**
 * The ports of the stores for the cluster's bans.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import type { BanKey, Change } from "./ban.ts";
import type { BanBlock } from "./ban_block.ts";
import type { BanTable, TableStep } from "./ban_table.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Epoch, EventId } from "../base/ids.ts";
import type { ImportRecords } from "./import_records.ts";
import type { Receipt } from "./receipt.ts";
import type { HostName } from "../base/host_name.ts";
import type { NodeRecords } from "../members/node_records.ts";

/** An accepted event and the change that it made. */
export interface StoreEntry {
  /**
   * The event's id; `undefined`: it has none, so a repetition can't be
   * recognized.
   */
  readonly event:
    | { readonly origin: HostName; readonly id: EventId }
    | undefined;
  /** `undefined`: the event changed nothing. */
  readonly change: Change | undefined;
}

/** A stored receipt. */
export interface StoredReceipt extends Omit<Receipt, "agoMs"> {
  /** The node that sent it. */
  readonly node: HostName;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** The result of storing receipts. */
export interface KeptReceipts {
  /** Receipts that are now the latest of their node and action for a ban. */
  readonly kept: readonly StoredReceipt[];
  /** Number of ignored receipts, for bans without reports and history. */
  readonly unknown: number;
}

/** Relation between a store's clock and the system's clock. */
export interface StoreTime {
  /** How far the system's clock is ahead, in milliseconds. */
  readonly aheadMs: number;
  /**
   * A moment that has passed, by the store's clock, in milliseconds since 1970.
   */
  readonly seenMs: number;
}

/**
 * The failures that a stored change survives: the end of the process in any way
 * (`process`), or also a power loss and a kernel crash (`power`).
 */
export type Durability = "power" | "process";

/**
 * This program no longer stores anything, on purpose: another one does now, or
 * soon will. The disk is fine.
 */
export class StoreLeftError extends RuntimeError {}

/** The publisher's store. Only one program has it open at a time. */
export interface BanStore {
  /** Identifies this store; it never changes. */
  readonly epoch: Epoch;
  /** Sequence number of the last stored change; 0: there is none yet. */
  readonly seq: number;
  /** {@link BanStore.since} knows every change after this number. */
  readonly keptSince: number;
  /**
   * The bans after all stored changes. Nobody else applies changes. Expired
   * bans and reports stay in it until {@link BanTable.expire} is called.
   */
  readonly table: BanTable;
  /** The last stored clock relation; `undefined`: none was stored. */
  readonly time: StoreTime | undefined;
  /**
   * Stores the relation between its clock and the system's. All other times in
   * this interface are by the store's clock.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  keepTime(time: StoreTime): Promise<void>;
  /**
   * Stores entries, all or none, and applies their changes to the table. Once
   * this resolves, they survive the end of the process, and also a power loss
   * if the store was opened that way. The report that begins a ban deletes the
   * receipts of the previous ban.
   *
   * @param entries In order; the changes' numbers follow `seq` without gaps,
   * and no event id is one that {@link BanStore.hasEvent} knows.
   * @param nowMs Milliseconds since 1970.
   * @returns The effect of each change on the table.
   * @throws {RangeError} when a number leaves a gap or an event id is known;
   * nothing was stored.
   * @throws {RuntimeError} when they can't be stored; nothing was.
   */
  append(
    entries: readonly StoreEntry[],
    nowMs: number,
  ): Promise<readonly TableStep[]>;
  /** Whether an event with that id is stored and not yet pruned. */
  hasEvent(origin: HostName, id: EventId): boolean;
  /**
   * The changes after a number, in order.
   *
   * @param seq Not below {@link BanStore.keptSince}.
   * @param max Maximum number of changes.
   * @throws {RangeError} when `seq` is below it.
   */
  since(seq: number, max: number): readonly Change[];
  /** The jails that ban an address, or banned it as far as the history goes. */
  jailsOf(address: Address): readonly JailName[];
  /** The last `max` stored changes of a ban, oldest first. */
  history(key: BanKey, max: number): readonly Change[];
  /**
   * Stores receipts: the latest of each node and action for a ban. It ignores
   * receipts for bans without reports and history.
   *
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  keepReceipts(receipts: readonly StoredReceipt[]): Promise<KeptReceipts>;
  /**
   * When an operator last lifted a ban, in milliseconds since 1970;
   * `undefined`: never, or longer than {@link LIFT_KEEP_MS} ago.
   */
  liftedMs(key: BanKey): number | undefined;
  /** The receipts of a ban, by node and action. */
  receipts(key: BanKey): readonly StoredReceipt[];
  /**
   * Does a bounded step of background work that keeps the next start short.
   *
   * @returns Whether there is more to do.
   * @throws {RuntimeError} when it can't be stored; nothing is lost.
   */
  settle(): Promise<boolean>;
  /**
   * Deletes a bounded number of changes and events from before a time, and of
   * older receipts whose ban has ended.
   *
   * @param beforeMs Milliseconds since 1970.
   * @param nowMs The current time, by which bans have ended, in milliseconds
   * since 1970.
   * @returns Whether there is more to delete.
   * @throws {RuntimeError} when that can't be stored; nothing was deleted.
   */
  prune(beforeMs: number, nowMs: number): Promise<boolean>;
  /** The audit records and the quarantines. */
  readonly records: NodeRecords;
  /** The lists that operators imported. */
  readonly imports: ImportRecords;
}

/**
 * Identifies a record of the log that several publishers share: its position,
 * from 1, and its id.
 */
export interface RecordMark {
  readonly index: number;
  readonly id: string;
}

/** A store that follows a log which several publishers share. */
export interface CopyStore extends BanStore {
  /** The last record that it has applied; `undefined`: it follows no log. */
  readonly applied: RecordMark | undefined;
  /**
   * Begins to follow a log; the store already has the state from which the log
   * starts.
   *
   * @param epoch The epoch of the log.
   * @param mark The mark that its first record follows.
   * @throws {RangeError} when the store has changes of another epoch.
   * @throws {RuntimeError} when that can't be stored.
   */
  follow(epoch: Epoch, mark: RecordMark): void;
  /**
   * Stores the content of a log record and, in the same transaction, that the
   * record was applied.
   *
   * @typeParam T The result of the work.
   * @param mark The record.
   * @param work Calls one method of this store, its records or its imports.
   * @throws {RuntimeError} when that can't be stored; neither was.
   */
  apply<T>(mark: RecordMark, work: () => Promise<T>): Promise<T>;
}

/**
 * How long the store remembers that an operator lifted a ban, in milliseconds:
 * 400 days.
 */
export const LIFT_KEEP_MS = 400 * 86_400_000;

/** The state of a copy: a publisher's epoch and a sequence number in it. */
export interface ReplicaMark {
  /** Epoch of the publisher's store. */
  readonly epoch: Epoch;
  /** Sequence number of the last change that its blocks certainly contain. */
  readonly seq: number;
}

/** A subscriber's stored copy. */
export interface StoredReplica extends ReplicaMark {
  /**
   * The bans of its blocks, at the same sequence number. The caller owns it.
   */
  readonly table: BanTable;
  /** The changes after `seq`; the blocks may contain some of them. */
  readonly changes: readonly Change[];
}

/**
 * Stores a subscriber's copy of the bans: blocks of bans, and the changes that
 * follow them. Times are by the clock of the caller that stores them.
 */
export interface ReplicaStore {
  /**
   * Loads the stored copy; `undefined`: there is none yet. Reports in it may
   * have expired.
   *
   * @param byMs How far the clock of the table should be ahead of the store's;
   * the changes keep the store's clock. @default {0}
   */
  load(byMs?: number): StoredReplica | undefined;
  /**
   * Stores changes, all or none: in the current copy, in the staged one, or in
   * both, depending on which they follow.
   *
   * @throws {RangeError} when they follow neither, or not each other.
   * @throws {RuntimeError} when they can't be stored.
   */
  append(changes: readonly Change[]): void;
  /**
   * Begins to stage another copy, which replaces the current one once it is
   * complete. Drops a copy that was staged before.
   *
   * @throws {RuntimeError} when that can't be stored.
   */
  begin(mark: ReplicaMark): void;
  /**
   * Stores a block of the staged copy.
   *
   * @param block The bans.
   * @param byMs How far the clock of the store is ahead of that of the block.
   * @throws {RuntimeError} when it can't be stored.
   */
  stage(block: BanBlock, byMs: number): void;
  /**
   * Replaces the current copy with the complete staged one, in one step.
   *
   * @throws {RuntimeError} when that can't be stored.
   */
  commit(): void;
}
