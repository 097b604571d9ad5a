/**
 * The bans that this monitor has reported, taken back or left out: the base for
 * comparisons with fail2ban's own bans.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { Epoch } from "../base/ids.ts";
import type { JailName } from "../base/jail_name.ts";

/** A monitor's record of a ban of this host. */
export interface KnownBan {
  readonly jail: JailName;
  readonly address: Address;
  /**
   * `reported`: the cluster has it. `lifted`: it was taken back. `left`: it was
   * not reported, because it is the cluster's own, protected, or older than
   * this monitor.
   */
  readonly state: "reported" | "lifted" | "left";
  /**
   * The reported end, in milliseconds since 1970; `Infinity`: never, or
   * unknown.
   */
  readonly endsMs: number;
  /** Time of this record, in milliseconds since 1970. */
  readonly notedMs: number;
  /** Whether fail2ban has listed it since. @default {false} */
  readonly isListed?: boolean;
}

/** All records, as stored from one run to the next. */
export interface KnownBans {
  /**
   * The epoch of the informed publisher's store; `undefined`: none, or unknown.
   */
  readonly epoch: Epoch | undefined;
  /** Whether the bans that fail2ban had before are included. */
  readonly isSeeded: boolean;
  readonly bans: readonly KnownBan[];
}

/** No records. */
export const NO_BANS: KnownBans = {
  ...{ epoch: undefined, isSeeded: false, bans: [] },
};

/** Whether the cluster has no ban of this host at that time. */
export function isOver({ state, endsMs }: KnownBan, atMs: number): boolean {
  return state !== "reported" || endsMs <= atMs;
}

/** Maximum number of records; above it the oldest is forgotten. */
const MAX_BANS = 1_000_000;

/** Stores the last record of each ban, in order of arrival. */
export class ReportedBans {
  readonly #bans = new Map<string, KnownBan>();
  #epoch: Epoch | undefined;
  #isSeeded: boolean;
  #version = 0;

  /** @param known The initial records. */
  constructor({ epoch, isSeeded, bans }: KnownBans = NO_BANS) {
    for (const ban of bans) this.note(ban);
    this.#epoch = epoch;
    this.#isSeeded = isSeeded;
  }

  /** Whether the bans that fail2ban had before are included. */
  get isSeeded(): boolean {
    return this.#isSeeded;
  }

  /** Records that they are included. */
  noteSeeded(): void {
    this.#version++;
    this.#isSeeded = true;
  }

  /** The epoch of the informed publisher's store; `undefined`: none yet. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** Records that a store was informed of all bans. */
  noteEpoch(epoch: Epoch): void {
    this.#version++;
    this.#epoch = epoch;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Number of records. */
  get size(): number {
    return this.#bans.size;
  }

  /** Adds or replaces the record of a ban. */
  note(ban: KnownBan): void {
    const key = keyOf(ban);
    this.#version++;
    this.#bans.delete(key);
    this.#bans.set(key, ban);
    if (this.#bans.size <= MAX_BANS) return;
    const [oldest] = this.#bans.keys();
    if (oldest !== undefined) this.#bans.delete(oldest);
  }

  /** The record of a ban. */
  get(key: BanKey): KnownBan | undefined {
    return this.#bans.get(keyOf(key));
  }

  /** Records that fail2ban has listed a known ban. */
  list(key: BanKey): void {
    const ban = this.#bans.get(keyOf(key));
    if (ban === undefined || ban.isListed === true) return;
    this.#version++;
    this.#bans.set(keyOf(key), { ...ban, isListed: true });
  }

  /** Deletes the record of a ban that neither the cluster nor fail2ban has. */
  forget(key: BanKey): void {
    this.#version++;
    this.#bans.delete(keyOf(key));
  }

  /**
   * Deletes records made by then of bans that had ended by then. If fail2ban's
   * earlier bans are included, it may still have bans that were left out or
   * taken back. Their records stay, because the next comparison would report
   * them otherwise.
   */
  forgetOver(byMs: number): void {
    for (const ban of this.#bans.values()) {
      const isGone = this.#isSeeded ? ban.endsMs <= byMs : isOver(ban, byMs);
      if (isGone && ban.notedMs <= byMs) this.forget(ban);
    }
  }

  /** All records. */
  values(): Iterable<KnownBan> {
    return this.#bans.values();
  }
}
