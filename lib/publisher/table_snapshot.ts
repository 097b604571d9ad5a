/**
 * The table at one moment, read part by part.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { WireBan } from "../wire/v2_messages.ts";
import { wireBan } from "../wire/wire_times.ts";

/** Cuts bans into parts that fit a message; the first part is all that is asked of it. */
export type SplitBans = (
  bans: Iterable<WireBan>,
) => Iterator<readonly WireBan[], void>;

/** A part of a snapshot. */
export interface SnapshotPart {
  /** The bans that hold, as they go over the wire at that time. Empty: there is no more. */
  readonly bans: readonly WireBan[];
  /** Where the next part begins. */
  readonly to: number;
  /** Milliseconds since 1970; what remains of a ban is told as of then. */
  readonly madeMs: number;
}

/**
 * Time for which a part is given to others who ask for it, too: a fleet that
 * comes back asks for the same parts at once, and a member may ask again and
 * again for one. A ban's end is late by as much.
 */
const SHARED_PART_MS = 250;
/** Parts that are kept for that; the one that was made first is dropped. */
const MAX_SHARED_PARTS = 8;

/** What the table held; sessions read it independently. */
export class TableSnapshot {
  readonly #bans: readonly Ban[];
  readonly #split: SplitBans;
  /** By where they begin. */
  readonly #shared = new Map<number, SnapshotPart>();

  /**
   * @param seq The number of the last change that is in it.
   * @param madeMs When it was made, in milliseconds since 1970.
   * @param bans The bans.
   * @param split Cuts them.
   */
  constructor(
    readonly seq: number,
    readonly madeMs: number,
    bans: readonly Ban[],
    split: SplitBans,
  ) {
    this.#bans = bans;
    this.#split = split;
  }

  /**
   * A part; the same object for all who ask for it at about the same time.
   *
   * @param from 0, or where the part before says.
   * @param nowMs Milliseconds since 1970.
   */
  part(from: number, nowMs: number): SnapshotPart {
    const shared = this.#shared.get(from);
    const ageMs = nowMs - (shared?.madeMs ?? -Infinity);
    if (shared !== undefined && ageMs >= 0 && ageMs < SHARED_PART_MS) {
      return shared;
    }
    const ends: number[] = [];
    const [...bans] = this.#split(this.#live(from, nowMs, ends)).next().value ??
      [];
    const to = ends[bans.length - 1] ?? this.#bans.length;
    const part = { bans, to, madeMs: nowMs };
    this.#shared.delete(from);
    this.#shared.set(from, part);
    const [oldest] = this.#shared.keys();
    if (this.#shared.size > MAX_SHARED_PARTS && oldest !== undefined) {
      this.#shared.delete(oldest);
    }
    return part;
  }

  /** @param ends Is told where the rest begins after each ban. */
  *#live(from: number, nowMs: number, ends: number[]): Generator<WireBan> {
    for (let at = from; at < this.#bans.length; at++) {
      const ban = this.#bans[at];
      const reports = ban?.reports.filter(({ expiresMs }) => expiresMs > nowMs);
      if (ban === undefined || !reports?.length) continue;
      ends.push(at + 1);
      yield wireBan({ ...ban, reports }, nowMs);
    }
  }
}
