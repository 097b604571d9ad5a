/**
 * Answers copies that ask for what they missed.
 *
 * A copy that asks with a number whose followers are all kept, and not too
 * many, gets them; any other gets a snapshot, part by part, each when it asks
 * for it: a slow reader slows down nobody, and nothing piles up for it.
 *
 * @module
 */

import type { Ban, Change } from "../ban/ban.ts";
import type { Epoch, SessionId } from "../base/ids.ts";
import type { PublisherMessage } from "../wire/v2_messages.ts";
import type { SyncQuestion } from "../wire/sync.ts";
import { splitBans } from "../wire/v2.ts";
import {
  type SnapshotPart,
  type SplitBans,
  TableSnapshot,
} from "./table_snapshot.ts";
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
  /** The bans as they are now. */
  bans(): Iterable<Ban>;
  /** The changes after a number, in order; `undefined`: they can't be read. */
  since(seq: number, max: number): readonly Change[] | undefined;
}

/** Options for {@link SyncServer}. */
export interface SyncServerOptions {
  readonly source: SyncSource;
  /** Cuts bans into parts that fit a message. @default {splitBans} */
  readonly split?: SplitBans;
  /** Changes in an answer at most. */
  readonly maxChanges: number;
  /** Above so many missed changes a smaller table is quicker. @default {50000} */
  readonly manyChanges?: number;
}

/** How far a session has read a snapshot. */
interface SnapshotReader {
  readonly snapshot: TableSnapshot;
  /** The part that was given last: it may have got lost. */
  given: SnapshotPart;
  number: number;
  /** When it asked last. */
  askedMs: number;
}

/** Time for which a snapshot is shared by those who ask for one. */
const SHARED_MS = 2_000;
/** Time without a question after which a session has to begin again. */
const IDLE_MS = 60_000;

/** Keeps how far each session has read. */
export class SyncServer {
  readonly #options: Required<SyncServerOptions>;
  readonly #readings = new Map<SessionId, SnapshotReader>();
  /** What is said of a part that others are given, too: it is encoded once. */
  readonly #messages = new WeakMap<SnapshotPart, PublisherMessage>();
  #latest: TableSnapshot | undefined;

  /** @param options See {@link SyncServerOptions}. */
  constructor(options: SyncServerOptions) {
    this.#options = { split: splitBans, manyChanges: 50_000, ...options };
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
    if (reading !== undefined && this.#turnTo(reading, question.part, nowMs)) {
      return this.#snapshotPart(reading);
    }
    this.#readings.delete(session);
    const changes = this.#canTellChanges(question)
      ? this.#changes(question.since, nowMs)
      : undefined;
    return changes ?? this.#snapshotPart(this.#begin(session, nowMs));
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

  #begin(session: SessionId, nowMs: number): SnapshotReader {
    const snapshot = this.#snapshot(nowMs);
    const given = snapshot.part(0, nowMs);
    const reading = { snapshot, given, number: 0, askedMs: nowMs };
    this.#readings.set(session, reading);
    return reading;
  }

  #snapshot(nowMs: number): TableSnapshot {
    const { source, split } = this.#options;
    const latest = this.#latest;
    if (latest !== undefined && this.#isFresh(nowMs)) return latest;
    const made = new TableSnapshot(
      source.seq,
      nowMs,
      [...source.bans()],
      split,
    );
    this.#latest = made;
    return made;
  }

  /** Whoever has read it asks for the changes after it, so these must be there. */
  #isFresh(nowMs: number): boolean {
    const { madeMs = -Infinity, seq = 0 } = this.#latest ?? {};
    const ageMs = nowMs - madeMs;
    return ageMs >= 0 && ageMs < SHARED_MS && this.#canTellAfter(seq);
  }

  /** @returns Whether the reading is at that part now: the same again, or the next. */
  #turnTo(reading: SnapshotReader, number: number, nowMs: number): boolean {
    const { snapshot, given } = reading;
    if (number === reading.number) return number > 0;
    if (number !== reading.number + 1 || given.bans.length === 0) return false;
    reading.askedMs = nowMs;
    reading.number = number;
    reading.given = snapshot.part(given.to, nowMs);
    return true;
  }

  /** The last part is empty, so that each is made when it is asked for. */
  #snapshotPart(
    { snapshot: { seq }, number: part, given }: SnapshotReader,
  ): PublisherMessage {
    const said = this.#messages.get(given);
    if (said?.kind === "SNAPSHOT" && said.part === part) return said;
    const { bans } = given;
    const { epoch } = this.#options.source;
    const isLast = bans.length === 0;
    const message: PublisherMessage = {
      kind: "SNAPSHOT",
      ...{ epoch, seq, part, isLast, bans },
    };
    this.#messages.set(given, message);
    return message;
  }
}
