/**
 * What this monitor has reported of its host, and what it has taken back or
 * left out: what a comparison with fail2ban's own bans starts from.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { Epoch } from "../base/ids.ts";
import type { JailName } from "../base/jail_name.ts";

/** What is known of a ban of this host. */
export interface KnownBan {
  readonly jail: JailName;
  readonly address: Address;
  /**
   * `reported`: the cluster holds it. `lifted`: it was taken back. `left`: it is
   * the cluster's own, protected, or older than this monitor.
   */
  readonly state: "reported" | "lifted" | "left";
  /** When it ends as it was reported, in milliseconds since 1970; `Infinity`: never, or nobody knows. */
  readonly endsMs: number;
  /** When this was noted, in milliseconds since 1970. */
  readonly notedMs: number;
  /** Whether fail2ban was seen to have it since. @default {false} */
  readonly isListed?: boolean;
}

/** What is known, as it is kept from one run to the next. */
export interface KnownBans {
  /** Names the publisher's store that was told; `undefined`: none was, or nobody knows. */
  readonly epoch: Epoch | undefined;
  /** Whether it has the bans that fail2ban had before. */
  readonly isSeeded: boolean;
  readonly bans: readonly KnownBan[];
}

/** Nothing. */
export const NO_BANS: KnownBans = {
  ...{ epoch: undefined, isSeeded: false, bans: [] },
};

/** Whether the cluster does not hold a ban because of this host, or no more at that time. */
export function isOver({ state, endsMs }: KnownBan, atMs: number): boolean {
  return state !== "reported" || endsMs <= atMs;
}

/** Bans that are remembered; above it the oldest is forgotten. */
const MAX_BANS = 1_000_000;

/** Remembers the last word about each ban, in the order in which they came. */
export class ReportedBans {
  readonly #bans = new Map<string, KnownBan>();
  #epoch: Epoch | undefined;
  #isSeeded: boolean;
  #version = 0;

  /** @param known What is known already. */
  constructor({ epoch, isSeeded, bans }: KnownBans = NO_BANS) {
    for (const ban of bans) this.note(ban);
    this.#epoch = epoch;
    this.#isSeeded = isSeeded;
  }

  /** Whether the bans that fail2ban had before are among them. */
  get isSeeded(): boolean {
    return this.#isSeeded;
  }

  /** Notes that they are. */
  noteSeeded(): void {
    this.#version++;
    this.#isSeeded = true;
  }

  /** Names the publisher's store that was told of them; `undefined`: none yet. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** Notes that a store was told all of it. */
  noteEpoch(epoch: Epoch): void {
    this.#version++;
    this.#epoch = epoch;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** How many are known. */
  get size(): number {
    return this.#bans.size;
  }

  /** Notes the last word about a ban. */
  note(ban: KnownBan): void {
    const key = keyOf(ban);
    this.#version++;
    this.#bans.delete(key);
    this.#bans.set(key, ban);
    if (this.#bans.size <= MAX_BANS) return;
    const [oldest] = this.#bans.keys();
    if (oldest !== undefined) this.#bans.delete(oldest);
  }

  /** What is known of a ban. */
  get(key: BanKey): KnownBan | undefined {
    return this.#bans.get(keyOf(key));
  }

  /** Notes that fail2ban has a ban that is known. */
  list(key: BanKey): void {
    const ban = this.#bans.get(keyOf(key));
    if (ban === undefined || ban.isListed === true) return;
    this.#version++;
    this.#bans.set(keyOf(key), { ...ban, isListed: true });
  }

  /** Forgets a ban: the cluster holds it no more, and fail2ban neither. */
  forget(key: BanKey): void {
    this.#version++;
    this.#bans.delete(keyOf(key));
  }

  /**
   * Forgets what was noted by then of bans that were over by then. Where fail2ban's
   * own were seen before it may have those still that were left out or taken back:
   * they stay known, or they would be reported when it tells again.
   */
  forgetOver(byMs: number): void {
    for (const ban of this.#bans.values()) {
      const isGone = this.#isSeeded ? ban.endsMs <= byMs : isOver(ban, byMs);
      if (isGone && ban.notedMs <= byMs) this.forget(ban);
    }
  }

  /** All that is known. */
  values(): Iterable<KnownBan> {
    return this.#bans.values();
  }
}
