/**
 * Brings a host's copy up to the head of the shared log.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { CopyStore, RecordMark } from "../ban/ban_store.ts";
import type {
  LogBase,
  LogView,
  SharedLog,
  SharedRecord,
} from "./shared_log.ts";
import { applyStep, decodeStep } from "./shared_step.ts";

/** Options for {@link LogFollower}. */
export interface LogFollowerOptions {
  readonly log: Pick<SharedLog, "read" | "begin">;
  readonly copy: CopyStore;
  /** Creates the ID that a log begins with. */
  readonly newId: () => string;
  /** Receives each applied record. @default {nobody} */
  readonly onRecord?: (record: SharedRecord) => void;
}

/** Number of records read at once. */
const PAGE = 64;

/**
 * This host's copy belongs to another log: nothing is merged or overwritten.
 */
export class OtherLogError extends RuntimeError {}

/** Follows the log. A copy may have one follower at a time. */
export class LogFollower {
  readonly #options: LogFollowerOptions;

  /** @param options See {@link LogFollowerOptions}. */
  constructor(options: LogFollowerOptions) {
    this.#options = options;
  }

  /**
   * Begins a log with the contents of this host's copy.
   *
   * @throws {OtherLogError} when the copy belongs to a log that was begun
   * before.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { log, copy, newId } = this.#options;
    if (copy.applied !== undefined) {
      throw new OtherLogError(
        "the shared log is empty, and this host's copy is of one that was not",
        { hint: LOST_LOG },
      );
    }
    const { epoch, seq } = copy;
    const base = { epoch, seq, id: newId() };
    // Another publisher may have begun it: the next look tells.
    if (await log.begin(base, signal)) copy.follow(epoch, startOf(base));
  }

  /**
   * Applies the records that the copy lacks.
   *
   * @param view The log as it was seen.
   * @param signal Aborts it; the promise then rejects with its reason.
   * @throws {OtherLogError} when the copy belongs to another log.
   * @throws {NoLogError} when the log does not answer.
   * @throws {RuntimeError} when the copy can't be written, or a record can't be
   * read.
   */
  async catchUp(
    { base, head }: Pick<LogView, "base" | "head">,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, copy } = this.#options;
    let applied = this.#appliedOf(base);
    if (head.index < applied.index) throw older(head, applied);
    while (applied.index < head.index) {
      const records = await log.read(applied.index, PAGE, signal);
      if (records.length === 0) throw trimmed(applied);
      for (const record of records) {
        refuseUnchained(record, applied);
        const step = await decodeStep(record.step);
        signal.throwIfAborted();
        applied = { index: record.index, id: record.id };
        await copy.apply(applied, () => applyStep(copy, step));
        this.#options.onRecord?.(record);
      }
    }
    if (applied.index === head.index && applied.id !== head.id) {
      throw unchained(head.index);
    }
  }

  /** The last record in the copy; an empty copy begins with the log. */
  #appliedOf(base: LogBase): RecordMark {
    const { copy } = this.#options;
    if (copy.applied !== undefined && copy.epoch === base.epoch) {
      return copy.applied;
    }
    const start = startOf(base);
    const isOwn = copy.epoch === base.epoch && copy.seq === base.seq;
    // This host began the log without an answer, or has a copy of the store
    // that did.
    if (isOwn && copy.applied === undefined) {
      copy.follow(base.epoch, start);
      return start;
    }
    if (copy.seq > 0 || copy.applied !== undefined) {
      throw new OtherLogError(
        "this host's store has bans of its own, and is no copy of the shared log",
        { hint: COPY_ANEW },
      );
    }
    if (base.seq > 0) throw trimmed(start);
    copy.follow(base.epoch, start);
    return start;
  }
}

const COPY_ANEW =
  "if the others' bans are to count move publisher.sqlite3 aside, and start it again: its copy is made anew; if this host's are, set another publisher.engineprefix: docs/PUBLISHERS.md";
const START_AGAIN =
  "start the publisher again, as systemd does: it begins anew with the last snapshot, which the active one writes within a minute";
const LOST_LOG =
  "put the engine's own backup back, or begin a new log with fail2ban-cluster restore on one host: docs/PUBLISHERS.md";

function startOf({ id }: LogBase): RecordMark {
  return { index: 0, id };
}

function refuseUnchained(record: SharedRecord, applied: RecordMark): void {
  if (record.index > applied.index + 1) throw trimmed(applied);
  if (record.index !== applied.index + 1 || record.previous !== applied.id) {
    throw unchained(record.index);
  }
}

function unchained(index: number): OtherLogError {
  return new OtherLogError(
    `record ${index} of the shared log does not follow what this host's copy has: the log was set back, and went on`,
    { hint: COPY_ANEW },
  );
}

function older(head: RecordMark, applied: RecordMark): OtherLogError {
  return new OtherLogError(
    `the shared log ends at record ${head.index}, and this host's copy has ${applied.index}: the log was set back to an older state`,
    { hint: LOST_LOG },
  );
}

function trimmed({ index }: RecordMark): OtherLogError {
  return new OtherLogError(
    `the shared log does not reach back to record ${
      index + 1
    }, which this host's copy needs`,
    { hint: START_AGAIN },
  );
}
