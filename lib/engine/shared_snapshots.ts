/**
 * The port of the snapshots beside the shared log: with one a host needs only
 * the records that follow it.
 *
 * @module
 */

import type { RecordMark } from "../ban/ban_store.ts";

/** A snapshot: what a copy had after a record, in pieces. */
export interface SnapshotMark extends RecordMark {
  /** Of its pieces; sorted by this, snapshots are in the order of their records. */
  readonly name: string;
  readonly pieces: number;
  readonly bytes: number;
}

/** The last snapshot as it was seen. */
export interface SeenSnapshot {
  /** `undefined`: there is none. */
  readonly last: SnapshotMark | undefined;
  /** Changes with each one. */
  readonly version: number;
}

/** Snapshots; every method rejects with a `NoLogError` where nobody answers. */
export interface SharedSnapshots {
  /** The last one that is whole. */
  last(signal: AbortSignal): Promise<SeenSnapshot>;
  /** Stores a piece of one that is not whole yet. */
  put(
    name: string,
    at: number,
    piece: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * One is whole, and the last one from now on; those before the last one but
   * one are deleted.
   *
   * @returns Whether it is; somebody else may have written one meanwhile.
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

/** Longest piece, in bytes: etcd takes 1.5 MiB at once, as a third more of text. */
export const PIECE_BYTES = 512 * 1024;
