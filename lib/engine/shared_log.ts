/**
 * The port of the log that several publishers share.
 *
 * Nothing in it decides by time: whoever writes names what it has seen, and is
 * refused where that is not so any more. So two publishers that both take
 * themselves for the active one can't both write.
 *
 * @module
 */

import type { RecordMark } from "../ban/ban_store.ts";
import type { Epoch } from "../base/ids.ts";
import { RuntimeError } from "../base/errors.ts";

/** One step of a publisher's store. */
export interface SharedRecord extends RecordMark {
  /** Id of the record before it. */
  readonly previous: string;
  /** What to do, as `shared_step.ts` writes it. */
  readonly step: Uint8Array<ArrayBuffer>;
}

/** What a log begins with. */
export interface LogBase {
  /** Of all publishers of the log. */
  readonly epoch: Epoch;
  /** What the first record follows; its index is 0. */
  readonly id: string;
  /** Number of the last change before the first record. */
  readonly seq: number;
}

/** Who may append. */
export interface Lead {
  /** Counts takeovers, from 1; 0: nobody was active yet. */
  readonly term: number;
  /** The publisher; `undefined`: it handed over, and nobody is active. */
  readonly holder: string | undefined;
  /** Who is to be active next; left out: whoever is first. */
  readonly next?: string;
}

/** What the active publisher says every now and then. */
export interface Beat {
  /** Its store's time, in milliseconds since 1970. */
  readonly storeMs: number;
  /** Digest of the settings by which it decides. */
  readonly settings: string;
}

/** Versions of the head and of the lead, by which a writer says what it has seen. */
export interface SeenVersions {
  readonly head: number;
  readonly lead: number;
}

/** The log as it was at one moment. */
export interface LogView {
  readonly base: LogBase;
  /** The last record; the base's id with index 0 where there is none. */
  readonly head: RecordMark;
  readonly lead: Lead;
  /** `undefined`: there was none yet. */
  readonly beat: Beat | undefined;
  readonly versions: SeenVersions & {
    /** Changes with each beat. */
    readonly beat: number;
  };
}

/** Whether something was written, which it was as a whole or not at all. */
export type WriteOutcome =
  /** It was; the versions that the writer goes by from now on. */
  | { readonly isWritten: true; readonly versions: SeenVersions }
  /** It was not, since somebody else wrote meanwhile. */
  | { readonly isWritten: false; readonly view: LogView };

/**
 * The log did not answer. Whether what was asked was done is not known.
 */
export class NoLogError extends RuntimeError {}

/** The log; every method rejects with a {@link NoLogError} where it does not answer. */
export interface SharedLog {
  /** Looks at it; `undefined`: it was not begun. */
  look(signal: AbortSignal): Promise<LogView | undefined>;
  /** Begins it. @returns Whether it did; somebody else may have. */
  begin(base: LogBase, signal: AbortSignal): Promise<boolean>;
  /**
   * The records after an index, in order.
   *
   * @param after An index.
   * @param max How many at most; fewer may come, where they are long.
   */
  read(
    after: number,
    max: number,
    signal: AbortSignal,
  ): Promise<readonly SharedRecord[]>;
  /** Appends a record, if head and lead are as they were seen. */
  append(
    record: SharedRecord,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /** Replaces the lead, likewise. */
  take(
    lead: Lead,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
  /**
   * Replaces the lead if it is as it was seen, whatever the head is: an
   * operator has the active publisher make way. What that one writes from then
   * on is refused. @returns Whether it did.
   */
  passOn(
    lead: Lead,
    seen: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Says that the active publisher is there, if the lead is as it was seen. @returns Whether it did. */
  beat(
    beat: Beat,
    seen: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean>;
  /**
   * Tells at once, and whenever the lead may be another than before. That is a
   * hint: some of it may get lost.
   *
   * @param onChange Called each time.
   * @param signal Ends it; the promise then rejects with its reason.
   */
  watchLead(onChange: () => void, signal: AbortSignal): Promise<void>;
  /** Deletes the records up to an index. */
  trim(upTo: number, signal: AbortSignal): Promise<void>;
}
