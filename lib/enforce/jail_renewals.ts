/**
 * When bans end in jails that have a ban time of their own, so that they are
 * made anew before.
 *
 * @module
 */

import type { SteadyClock } from "../async/steady_clock.ts";
import { keyOf } from "../ban/ban.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";

/** Remembers when bans were made, else until when they are listed. */
export class JailRenewals {
  readonly #clock: SteadyClock;
  /** By the clock that never jumps. */
  #madeMs = new Map<string, number>();
  /** In steady time; of bans that were made before this program was started. */
  #endsMs = new Map<string, number>();
  #servers: number | undefined;

  /** @param clock The process's steady clock. */
  constructor(clock: SteadyClock) {
    this.#clock = clock;
  }

  /**
   * Notes that bans were made, or made anew.
   *
   * @param bans The bans.
   * @param atMs Before that, by the clock that never jumps.
   */
  made(bans: readonly HostBan[], atMs: number): void {
    for (const ban of bans) this.#madeMs.set(keyOf(ban), atMs);
  }

  /** Notes what is listed of bans of which nothing is known. */
  listed(bans: readonly ActiveBan[]): void {
    for (const ban of bans) {
      const key = keyOf(ban);
      const { expiresMs } = ban;
      if (expiresMs === undefined || this.#madeMs.has(key)) continue;
      this.#endsMs.set(key, expiresMs);
    }
  }

  /**
   * Forgets all other bans.
   *
   * @param bans Those that are in force.
   * @param servers How many fail2bans answered so far: another one has restored
   * bans with the ends that its database has.
   * @returns Whether it is the same fail2ban as before.
   */
  retain(bans: readonly HostBan[], servers: number): boolean {
    const isOther = this.#servers !== undefined && servers !== this.#servers;
    this.#servers = servers;
    const [madeMs, endsMs] = [this.#madeMs, this.#endsMs];
    this.#madeMs = new Map();
    this.#endsMs = new Map();
    if (isOther) return false;
    for (const ban of bans) {
      const key = keyOf(ban);
      const atMs = madeMs.get(key);
      const endMs = endsMs.get(key);
      if (atMs !== undefined) this.#madeMs.set(key, atMs);
      else if (endMs !== undefined) this.#endsMs.set(key, endMs);
    }
    return true;
  }

  /**
   * The bans of a jail that are to be made anew: they end there before they
   * should, and half of their time is over.
   *
   * @param bans Those that are in force, and wanted still.
   * @param banTimeMs The jail's.
   * @returns Those that end first are first.
   */
  due(bans: readonly HostBan[], banTimeMs: number): readonly HostBan[] {
    const nowMs = this.#clock.nowMs();
    return bans.map((ban) => ({ ban, leftMs: this.#leftMs(ban, banTimeMs) }))
      .filter(({ ban: { expiresMs }, leftMs }) =>
        leftMs <= banTimeMs / 2 && expiresMs - nowMs > leftMs
      )
      .sort((one, other) =>
        one.leftMs === other.leftMs ? 0 : one.leftMs - other.leftMs
      )
      .map(({ ban }) => ban);
  }

  /** `-Infinity`: nobody knows. */
  #leftMs(ban: HostBan, banTimeMs: number): number {
    const key = keyOf(ban);
    const madeMs = this.#madeMs.get(key);
    if (madeMs !== undefined) {
      return madeMs + banTimeMs - this.#clock.monotonicMs();
    }
    return (this.#endsMs.get(key) ?? -Infinity) - this.#clock.nowMs();
  }
}
