/**
 * The port of the log that several publishers share.
 *
 * Nothing in it depends on time: a writer names the versions that it has seen,
 * and is refused if they have changed. So of two publishers that both consider
 * themselves active only one can write.
 *
 * @module
 */

import type { RecordMark } from "../ban/ban_store.ts";
import type { Epoch } from "../base/ids.ts";
import { RuntimeError } from "../base/errors.ts";

/** One step of a publisher's store. */
export interface SharedRecord extends RecordMark {
  /** ID of the previous record. */
  readonly previous: string;
  /** The step, as `shared_step.ts` encodes it. */
  readonly step: Uint8Array<ArrayBuffer>;
}

/** The beginning of a log. */
export interface LogBase {
  /** Shared by all publishers of the log. */
  readonly epoch: Epoch;
  /** The predecessor of the first record; its index is 0. */
  readonly id: string;
  /** Number of the last change before the first record. */
  readonly seq: number;
}

/** The publisher that may append. */
export interface Lead {
  /** Counts takeovers, from 1; 0: nobody was active yet. */
  readonly term: number;
  /** The active publisher; `undefined`: it handed over, and none is active. */
  readonly holder: string | undefined;
  /** The next active publisher; left out: whichever is first. */
  readonly next?: string;
}

/** A regular sign of life of the active publisher. */
export interface Beat {
  /** Its store's time, in milliseconds since 1970. */
  readonly storeMs: number;
  /** Digest of the settings that affect its decisions. */
  readonly settings: string;
}

/** Versions of head and lead that a writer has seen. */
export interface SeenVersions {
  readonly head: number;
  readonly lead: number;
}

/** The log at one moment. */
export interface LogView {
  readonly base: LogBase;
  /** The last record; without one, the base's ID with index 0. */
  readonly head: RecordMark;
  readonly lead: Lead;
  /** `undefined`: there was none yet. */
  readonly beat: Beat | undefined;
  readonly versions: SeenVersions & {
    /** Changes with each beat. */
    readonly beat: number;
  };
}

/** Outcome of a write, which is carried out as a whole or not at all. */
export type WriteOutcome =
  /** Written; with the new versions. */
  | { readonly isWritten: true; readonly versions: SeenVersions }
  /** Not written, because another publisher wrote meanwhile. */
  | { readonly isWritten: false; readonly view: LogView };

/**
 * The log did not answer. It is unknown whether the request was carried out.
 */
export class NoLogError extends RuntimeError {}

/**
 * The log; every method rejects with a {@link NoLogError} when it does not
 * answer.
 */
export interface SharedLog {
  /** Reads its state; `undefined`: it was not begun. */
  look(signal: AbortSignal): Promise<LogView | undefined>;
  /** Begins it. @returns Whether it did; another publisher may have. */
  begin(base: LogBase, signal: AbortSignal): Promise<boolean>;
  /**
   * The records after an index, in order.
   *
   * @param after An index.
   * @param max Maximum number; fewer are returned if they are long.
   */
  read(
    after: number,
    max: number,
    signal: AbortSignal,
  ): Promise<readonly SharedRecord[]>;
  /** Appends a record if head and lead are unchanged. */
  append(
    record: SharedRecord,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Replaces the lead if head and lead are unchanged. */
  take(
    lead: Lead,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /**
   * Replaces the lead if it is unchanged, whatever the head is. An operator
   * uses it to make the active publisher hand over, which can't write any more
   * then.
   *
   * @returns Whether it did.
   */
  passOn(
    lead: Lead,
    seen: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Writes a beat if the lead is unchanged. @returns Whether it did. */
  beat(
    beat: Beat,
    seen: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean>;
  /**
   * Watches the lead. Changes may be missed.
   *
   * @param onChange Called once the watch has begun, and after each change.
   * @param signal Ends it; the promise then rejects with its reason.
   */
  watchLead(onChange: () => void, signal: AbortSignal): Promise<void>;
  /** Deletes the records up to an index. */
  trim(upTo: number, signal: AbortSignal): Promise<void>;
}
