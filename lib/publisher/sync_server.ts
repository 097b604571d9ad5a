/**
 * Answers replicas that ask for missed changes.
 *
 * A replica gets the changes after its sequence number if all are still stored
 * and they are not too many. Otherwise it gets a snapshot, one part for each
 * request: a slow reader delays nobody, and nothing is buffered for it. All
 * replicas that ask within a few seconds share the same parts, which are small
 * enough not to delay other work.
 */

import type { Change } from "../ban/ban.ts";
import type { BanSet } from "../ban/table_columns.ts";
import type { Epoch, SessionId } from "../base/ids.ts";
import type { PublisherMessage } from "../wire/v2_messages.ts";
import type { SyncQuestion } from "../wire/v2_messages.ts";
import { TableSnapshot } from "./table_snapshot.ts";
import { wireChange } from "../wire/wire_times.ts";

/** The table and its history, as far as replicas need them. */
export interface SyncSource {
  readonly epoch: Epoch;
  /** Sequence number of the last change. */
  readonly seq: number;
  /** Every change after this sequence number is still stored. */
  readonly keptSince: number;
  /** Number of bans in the table. */
  readonly size: number;
  /** The table's bans in sets of at most `max`, each read when it is taken. */
  columns(max?: number): Iterator<BanSet, void>;
  /**
   * The changes after a sequence number, in order; `undefined` when they can't
   * be read.
   */
  since(seq: number, max: number): readonly Change[] | undefined;
}

/** Options for {@link SyncServer}. */
export interface SyncServerOptions {
  readonly source: SyncSource;
  /** Maximum number of bans in a part. @default {a block's size} */
  readonly maxBans?: number;
  /** Maximum number of changes in an answer. */
  readonly maxChanges: number;
  /**
   * Number of missed changes above which a smaller table is sent instead.
   * @default {50000}
   */
  readonly manyChanges?: number;
}

/** A session's position in a snapshot. */
interface SnapshotReader {
  readonly snapshot: TableSnapshot;
  /** The last part that was sent; it may have got lost. */
  number: number;
  /** Time of its last request. */
  askedMs: number;
}

/** Time for which a new reader gets an existing snapshot. */
const SHARED_MS = 5_000;
/**
 * Maximum number of snapshots for readers: with a million bans each takes 25
 * MB. A reader of an older one must begin again.
 */
const MAX_SNAPSHOTS = 4;
/** Time without a request after which a session must begin again. */
const IDLE_MS = 60_000;

/** Keeps each session's position. */
export class SyncServer {
  readonly #options: SyncServerOptions & { readonly manyChanges: number };
  readonly #readings = new Map<SessionId, SnapshotReader>();
  #latest: TableSnapshot | undefined;

  /** @param options See {@link SyncServerOptions}. */
  constructor(options: SyncServerOptions) {
    this.#options = { manyChanges: 50_000, ...options };
  }

  /** Number of sessions that read a snapshot. */
  get readers(): number {
    return this.#readings.size;
  }

  /**
   * Answers a request.
   *
   * @param session The session that asks.
   * @param question The request.
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

  /** Releases the snapshot and positions that are out of date. */
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

  /** Makes room for one more snapshot. */
  #dropOldest(): void {
    const all = [...this.#readings.values()].map(({ snapshot }) => snapshot);
    const kept = [...new Set(all)]
      .sort((left, right) => right.seq - left.seq || right.madeMs - left.madeMs)
      .slice(0, MAX_SNAPSHOTS - 1);
    for (const [session, { snapshot }] of this.#readings) {
      if (!kept.includes(snapshot)) this.#readings.delete(session);
    }
  }

  /**
   * Readers of a snapshot ask for the changes after it, so these must still be
   * available.
   */
  #isFresh(nowMs: number): boolean {
    const { madeMs = -Infinity, seq = 0 } = this.#latest ?? {};
    const ageMs = nowMs - madeMs;
    return ageMs >= 0 && ageMs < SHARED_MS && this.#canTellAfter(seq);
  }

  /**
   * @returns Whether the reader is now at that part: the same again, or the
   * next.
   */
  #turnTo(reading: SnapshotReader, number: number): boolean {
    if (number === reading.number) return number > 0;
    if (number !== reading.number + 1) return false;
    reading.number = number;
    return true;
  }

  /** The reader's current part; `undefined` after the last. */
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
      // A receiver compares this with its own clock to convert the block's
      // times.
      nowMs: Math.floor(Math.max(nowMs, madeMs)),
      block,
    };
  }
}
