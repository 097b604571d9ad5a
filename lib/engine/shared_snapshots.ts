/**
 * The port of the snapshots beside the shared log: a host that has one needs
 * only the records after it.
 *
 * @module
 */

import type { RecordMark } from "../ban/ban_store.ts";

/** A snapshot in pieces: the contents of a copy after a record. */
export interface SnapshotMark extends RecordMark {
  /**
   * Prefix of its pieces; names sort in the order of the snapshots' records.
   */
  readonly name: string;
  readonly pieces: number;
  readonly bytes: number;
}

/** The last snapshot as it was seen. */
export interface SeenSnapshot {
  /** `undefined`: there is none. */
  readonly last: SnapshotMark | undefined;
  /** Changes with each snapshot. */
  readonly version: number;
}

/** Snapshots; every method rejects with a `NoLogError` when nobody answers. */
export interface SharedSnapshots {
  /** The last complete snapshot. */
  last(signal: AbortSignal): Promise<SeenSnapshot>;
  /** Stores a piece of an incomplete snapshot. */
  put(
    name: string,
    at: number,
    piece: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Completes a snapshot and makes it the last one; all older ones but the
   * previous one are deleted.
   *
   * @returns Whether it is the last one; another publisher may have written
   * one.
   */
  finish(
    mark: SnapshotMark,
    seen: SeenSnapshot,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** A piece; `undefined`: it was deleted. */
  read(
    name: string,
    at: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * Maximum size of a piece in bytes: etcd accepts 1.5 MiB, and text is a third
 * longer.
 */
export const PIECE_BYTES = 512 * 1024;
