/**
 * Answers copies that ask for what they missed.
 *
 * A copy that asks with a number whose followers are all kept, and not too
 * many, gets them; any other gets a snapshot, part by part, each when it asks
 * for it: a slow reader slows down nobody, and nothing piles up for it. A part
 * is made once for all who ask within a few seconds, and of as many bans as
 * hold up nothing else for long.
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import type { BanSet } from "../ban/table_columns.ts";
import type { Epoch, SessionId } from "../base/ids.ts";
import type { PublisherMessage } from "../wire/v2_messages.ts";
import type { SyncQuestion } from "../wire/v2_messages.ts";
import { TableSnapshot } from "./table_snapshot.ts";
import { wireChange } from "../wire/wire_times.ts";

/** What is asked of the table and its history. */
export interface SyncSource {
  readonly epoch: Epoch;
  /** The number of the last change. */
  readonly seq: number;
  /** Every change after this number is still known. */
  readonly keptSince: number;
  /** Bans in the table. */
  readonly size: number;
  /** The bans as they are when each set is taken, at most so many in a set. */
  columns(max?: number): Iterator<BanSet, void>;
  /** The changes after a number, in order; `undefined`: they can't be read. */
  since(seq: number, max: number): readonly Change[] | undefined;
}

/** Options for {@link SyncServer}. */
export interface SyncServerOptions {
  readonly source: SyncSource;
  /** Bans in a part at most. @default {as many as a block has} */
  readonly maxBans?: number;
  /** Changes in an answer at most. */
  readonly maxChanges: number;
  /** Above so many missed changes a smaller table is quicker. @default {50000} */
  readonly manyChanges?: number;
}

/** How far a session has read a snapshot. */
interface SnapshotReader {
  readonly snapshot: TableSnapshot;
  /** The part that was given last: it may have got lost. */
  number: number;
  /** When it asked last. */
  askedMs: number;
}

/** Time for which a snapshot is shared by those who ask for one. */
const SHARED_MS = 5_000;
/**
 * Snapshots that are kept for those who read them: of a million bans each takes
 * 25 MB. Who reads an older one has to begin again.
 */
const MAX_SNAPSHOTS = 4;
/** Time without a question after which a session has to begin again. */
const IDLE_MS = 60_000;

/** Keeps how far each session has read. */
export class SyncServer {
  readonly #options: SyncServerOptions & { readonly manyChanges: number };
  readonly #readings = new Map<SessionId, SnapshotReader>();
  #latest: TableSnapshot | undefined;

  /** @param options See {@link SyncServerOptions}. */
  constructor(options: SyncServerOptions) {
    this.#options = { manyChanges: 50_000, ...options };
  }

  /** Sessions that read a snapshot. */
  get readers(): number {
    return this.#readings.size;
  }

  /**
   * Answers a question.
   *
   * @param session Who asks.
   * @param question What.
   * @param nowMs Milliseconds since 1970.
   */
  answer(
    session: SessionId,
    question: SyncQuestion,
    nowMs: number,
  ): PublisherMessage {
    const reading = this.#readings.get(session);
    if (reading !== undefined && this.#turnTo(reading, question.part)) {
      const part = this.#part(reading, nowMs);
      if (part !== undefined) return part;
    }
    this.#readings.delete(session);
    const changes = this.#canTellChanges(question)
      ? this.#changes(question.since, nowMs)
      : undefined;
    return changes ?? this.#firstPart(session, nowMs);
  }

  /** Forgets a session. */
  leave(session: SessionId): void {
    this.#readings.delete(session);
  }

  /** Lets go of what nobody would be given, or asks for, any more. */
  tidy(nowMs: number): void {
    if (!this.#isFresh(nowMs)) this.#latest = undefined;
    for (const [session, reading] of this.#readings) {
      if (Math.abs(nowMs - reading.askedMs) > IDLE_MS) {
        this.#readings.delete(session);
      }
    }
  }

  #canTellChanges({ epoch, since }: SyncQuestion): boolean {
    return epoch === this.#options.source.epoch && this.#canTellAfter(since);
  }

  #canTellAfter(seq: number): boolean {
    const { source, manyChanges } = this.#options;
    const missed = source.seq - seq;
    return missed >= 0 && seq >= source.keptSince &&
      missed <= Math.max(manyChanges, 2 * source.size);
  }

  #changes(since: number, nowMs: number): PublisherMessage | undefined {
    const { source, maxChanges } = this.#options;
    const { epoch, seq } = source;
    const told = source.since(since, maxChanges);
    if (told === undefined) return undefined;
    const changes = told.map((change) => wireChange(change, nowMs));
    const to = since + changes.length;
    return { kind: "CHANGES", epoch, from: since, to, seq, changes };
  }

  #firstPart(session: SessionId, nowMs: number): PublisherMessage {
    const snapshot = this.#snapshot(nowMs);
    const reading = { snapshot, number: 0, askedMs: nowMs };
    this.#readings.set(session, reading);
    const part = this.#part(reading, nowMs);
    if (part === undefined) throw new RangeError("Cannot find the first part");
    return part;
  }

  #snapshot(nowMs: number): TableSnapshot {
    const { source, maxBans } = this.#options;
    const latest = this.#latest;
    if (latest !== undefined && this.#isFresh(nowMs)) return latest;
    this.#dropOldest();
    const { seq } = source;
    const sets = source.columns(maxBans);
    return this.#latest = new TableSnapshot(seq, nowMs, sets);
  }

  /** Makes room for one more. */
  #dropOldest(): void {
    const all = [...this.#readings.values()].map(({ snapshot }) => snapshot);
    const kept = [...new Set(all)]
      .sort((left, right) => right.seq - left.seq || right.madeMs - left.madeMs)
      .slice(0, MAX_SNAPSHOTS - 1);
    for (const [session, { snapshot }] of this.#readings) {
      if (!kept.includes(snapshot)) this.#readings.delete(session);
    }
  }

  /** Whoever has read it asks for the changes after it, so these must be there. */
  #isFresh(nowMs: number): boolean {
    const { madeMs = -Infinity, seq = 0 } = this.#latest ?? {};
    const ageMs = nowMs - madeMs;
    return ageMs >= 0 && ageMs < SHARED_MS && this.#canTellAfter(seq);
  }

  /** @returns Whether the reading is at that part now: the same again, or the next. */
  #turnTo(reading: SnapshotReader, number: number): boolean {
    if (number === reading.number) return number > 0;
    if (number !== reading.number + 1) return false;
    reading.number = number;
    return true;
  }

  /** What a reader asks for; `undefined`: it has had the last. */
  #part(
    reading: SnapshotReader,
    nowMs: number,
  ): PublisherMessage | undefined {
    const { snapshot, number } = reading;
    const part = snapshot.part(number, nowMs);
    if (part === undefined) return undefined;
    reading.askedMs = nowMs;
    const { block, isLast, madeMs } = part;
    return {
      kind: "SNAPSHOT",
      epoch: this.#options.source.epoch,
      seq: snapshot.seq,
      part: number,
      isLast,
      // A receiver takes the times of the block as far from its own clock as this is.
      nowMs: Math.floor(Math.max(nowMs, madeMs)),
      block,
    };
  }
}
