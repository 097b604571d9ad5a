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
import type { PublisherMessage, WireBan } from "../wire/v2_messages.ts";
import type { SyncQuestion } from "../wire/sync.ts";
import { splitBans } from "../wire/v2.ts";
import { wireBan, wireChange } from "../wire/wire_times.ts";

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
  readonly split?: (
    bans: Iterable<WireBan>,
  ) => Iterator<readonly WireBan[], void>;
  /** Changes in an answer at most. */
  readonly maxChanges: number;
  /** Above so many missed changes a smaller table is quicker. @default {50000} */
  readonly manyChanges?: number;
}

/** A table at one moment; several sessions may read the same. */
interface TableSnapshot {
  readonly seq: number;
  readonly madeMs: number;
  readonly bans: readonly Ban[];
}

/** How far a session has read a snapshot. */
interface SnapshotReader {
  readonly seq: number;
  readonly parts: Iterator<readonly WireBan[], void>;
  /** When the part is made: what remains of a ban is told as of then. */
  nowMs: number;
  part: number;
  /** The part that was given last: it may have got lost. Empty: there is no more. */
  bans: readonly WireBan[];
}

/** Time for which a snapshot is shared by those who ask for one. */
const SHARED_MS = 2_000;
/** Time without a question after which a session has to begin again. */
const IDLE_MS = 60_000;

/** Keeps how far each session has read. */
export class SyncServer {
  readonly #options: Required<SyncServerOptions>;
  readonly #readings = new Map<SessionId, SnapshotReader>();
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
      if (Math.abs(nowMs - reading.nowMs) > IDLE_MS) {
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
    const { split } = this.#options;
    const { seq, bans } = this.#snapshot(nowMs);
    const parts = split(liveBans(bans, () => reading.nowMs));
    const reading: SnapshotReader = { seq, parts, nowMs, part: 0, bans: [] };
    reading.bans = parts.next().value ?? [];
    this.#readings.set(session, reading);
    return reading;
  }

  #snapshot(nowMs: number): TableSnapshot {
    const { source } = this.#options;
    const latest = this.#latest;
    if (latest !== undefined && this.#isFresh(nowMs)) return latest;
    const made = { seq: source.seq, madeMs: nowMs, bans: [...source.bans()] };
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
  #turnTo(reading: SnapshotReader, part: number, nowMs: number): boolean {
    if (part === reading.part) return part > 0;
    if (part !== reading.part + 1 || reading.bans.length === 0) return false;
    reading.nowMs = nowMs;
    reading.part = part;
    reading.bans = reading.parts.next().value ?? [];
    return true;
  }

  /** The last part is empty, so that each is made when it is asked for. */
  #snapshotPart({ seq, part, bans }: SnapshotReader): PublisherMessage {
    const { epoch } = this.#options.source;
    const isLast = bans.length === 0;
    return { kind: "SNAPSHOT", epoch, seq, part, isLast, bans };
  }
}

/** The bans that hold now, as they go over the wire now. */
function* liveBans(
  bans: readonly Ban[],
  clockMs: () => number,
): Generator<WireBan, void> {
  for (const ban of bans) {
    const nowMs = clockMs();
    const reports = ban.reports.filter(({ expiresMs }) => expiresMs > nowMs);
    if (reports.length > 0) yield wireBan({ ...ban, reports }, nowMs);
  }
}
