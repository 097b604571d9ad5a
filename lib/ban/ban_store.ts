/**
 * The ports of the stores of the cluster's bans.
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

/** An accepted event, and the change that it made. */
export interface StoreEntry {
  /**
   * The event's id; `undefined`: it came without one, so a repetition can't be
   * recognized.
   */
  readonly event:
    | { readonly origin: HostName; readonly id: EventId }
    | undefined;
  /** `undefined`: it changed nothing. */
  readonly change: Change | undefined;
}

/** A receipt as it is stored. */
export interface StoredReceipt extends Omit<Receipt, "agoMs"> {
  /** The node that sent it. */
  readonly node: HostName;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** What became of receipts. */
export interface KeptReceipts {
  /** Those that are the latest of their node and action for a ban now. */
  readonly kept: readonly StoredReceipt[];
  /** How many were ignored: of bans without reports and history. */
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
 * What a stored change survives: the end of the process, however it is ended
 * (`process`), or a loss of power and the kernel's end as well (`power`).
 */
export type Durability = "power" | "process";

/**
 * This program stores nothing any more, and was meant to stop: another one
 * does now, or soon. Nothing is wrong with a disk.
 */
export class StoreLeftError extends RuntimeError {}

/** The publisher's memory. One program has it open at a time. */
export interface BanStore {
  /** Identifies this store; never changes. */
  readonly epoch: Epoch;
  /** Sequence number of the last stored change; 0: there was none yet. */
  readonly seq: number;
  /** {@link BanStore.since} knows every change after this number. */
  readonly keptSince: number;
  /**
   * The bans, as the stored changes left them. Nobody else applies changes; bans
   * and reports that are over are in it until {@link BanTable.expire} is called.
   */
  readonly table: BanTable;
  /** The clock relation that was stored last; `undefined`: none was. */
  readonly time: StoreTime | undefined;
  /**
   * Stores the relation between its clock and the system's. All other times
   * here are by the store's clock.
   *
   * @throws {RuntimeError} when that can't be stored.
   */
  keepTime(time: StoreTime): Promise<void>;
  /**
   * Stores entries, all or none of them, and applies their changes to the
   * table. Once this resolves they survive the end of the process, and a loss of
   * power if the store was opened so. A report with which a ban begins ends the
   * receipts of the one before.
   *
   * @param entries In their order; the changes' numbers follow `seq` without
   * gaps, and no event id is one that {@link BanStore.hasEvent} knows.
   * @param nowMs Milliseconds since 1970.
   * @returns What each change did to the table.
   * @throws {RangeError} when a number does not follow, or an event id is known
   * already; nothing was stored.
   * @throws {RuntimeError} when they can't be stored; nothing was.
   */
  append(
    entries: readonly StoreEntry[],
    nowMs: number,
  ): Promise<readonly TableStep[]>;
  /** Whether an event with that id was stored, and not yet pruned. */
  hasEvent(origin: HostName, id: EventId): boolean;
  /**
   * The changes after a number, in order.
   *
   * @param seq Not below {@link BanStore.keptSince}.
   * @param max Maximum number of changes.
   * @throws {RangeError} when it is below.
   */
  since(seq: number, max: number): readonly Change[];
  /** The jails in which an address is banned, or was as far as that is stored. */
  jailsOf(address: Address): readonly JailName[];
  /** The last `max` stored changes of a ban, oldest first. */
  history(key: BanKey, max: number): readonly Change[];
  /**
   * Stores receipts: the latest of each node and action for a ban. Those of a
   * ban without reports and history are ignored.
   *
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  keepReceipts(receipts: readonly StoredReceipt[]): Promise<KeptReceipts>;
  /**
   * When an operator lifted a ban last, in milliseconds since 1970; `undefined`:
   * never, or longer than {@link LIFT_KEEP_MS} ago.
   */
  liftedMs(key: BanKey): number | undefined;
  /** The receipts of a ban, by node and action. */
  receipts(key: BanKey): readonly StoredReceipt[];
  /**
   * Does a bounded step of what is to be done beside, so that the next start is
   * short.
   *
   * @returns Whether there is more to do.
   * @throws {RuntimeError} when that can't be stored; nothing is lost.
   */
  settle(): Promise<boolean>;
  /**
   * Deletes a bounded number of changes and events from before a time, and of
   * older receipts whose ban has ended.
   *
   * @param beforeMs Milliseconds since 1970.
   * @param nowMs Bans that ended by then have. Milliseconds since 1970.
   * @returns Whether there is more to delete.
   * @throws {RuntimeError} when that can't be stored; nothing was deleted.
   */
  prune(beforeMs: number, nowMs: number): Promise<boolean>;
  /** The audit and the quarantines. */
  readonly records: NodeRecords;
  /** The lists that operators imported. */
  readonly imports: ImportRecords;
}

/** Names a record of the log that several publishers share: its place, from 1, and its id. */
export interface RecordMark {
  readonly index: number;
  readonly id: string;
}

/** A store that follows a log which several publishers share. */
export interface CopyStore extends BanStore {
  /** The last record that it has; `undefined`: it follows no log. */
  readonly applied: RecordMark | undefined;
  /**
   * Begins to follow a log: the store has what that begins with.
   *
   * @param epoch The log's.
   * @param mark What its first record follows.
   * @throws {RangeError} when the store has changes of another epoch.
   * @throws {RuntimeError} when that can't be stored.
   */
  follow(epoch: Epoch, mark: RecordMark): void;
  /**
   * Stores what a record of the log says, and in the same transaction that it
   * has that record.
   *
   * @typeParam T What storing gives.
   * @param mark The record.
   * @param work Calls one method of this store, its records or its imports.
   * @throws {RuntimeError} when that can't be stored; neither was.
   */
  apply<T>(mark: RecordMark, work: () => Promise<T>): Promise<T>;
}

/** How long it is remembered that an operator lifted a ban, in milliseconds: 400 days. */
export const LIFT_KEEP_MS = 400 * 86_400_000;

/** What a copy is of: a publisher's epoch, and a number in it. */
export interface ReplicaMark {
  /** Epoch of the publisher's store. */
  readonly epoch: Epoch;
  /** Sequence number of the last change that its blocks have for certain. */
  readonly seq: number;
}

/** A subscriber's stored copy. */
export interface StoredReplica extends ReplicaMark {
  /** The bans of its blocks, and the same number; whoever is given it has it for itself. */
  readonly table: BanTable;
  /** The changes that follow `seq`, of which the blocks may have some. */
  readonly changes: readonly Change[];
}

/**
 * Stores a subscriber's copy of the bans: blocks of bans, and the changes that
 * follow them. Times are by the clock that whoever stores them goes by.
 */
export interface ReplicaStore {
  /**
   * The stored copy; `undefined`: there is none yet. Reports in it may have
   * expired.
   *
   * @param byMs How far the clock of the table is to be ahead of that of the
   * store; the changes are in the store's. @default {0}
   */
  load(byMs?: number): StoredReplica | undefined;
  /**
   * Stores changes, all or none: to the copy, or to the one that was begun, or
   * to both, whichever they follow.
   *
   * @throws {RangeError} when they follow neither, or not each other.
   * @throws {RuntimeError} when they can't be stored.
   */
  append(changes: readonly Change[]): void;
  /**
   * Begins another copy, which takes the place of this one once it is whole.
   * What was begun before is dropped.
   *
   * @throws {RuntimeError} when that can't be stored.
   */
  begin(mark: ReplicaMark): void;
  /**
   * Stores a block of the copy that was begun.
   *
   * @param block The bans.
   * @param byMs How far the clock of the store is ahead of that of the block.
   * @throws {RuntimeError} when it can't be stored.
   */
  stage(block: BanBlock, byMs: number): void;
  /**
   * The copy that was begun is whole, and takes the place of the other in one
   * step.
   *
   * @throws {RuntimeError} when that can't be stored.
   */
  commit(): void;
}
