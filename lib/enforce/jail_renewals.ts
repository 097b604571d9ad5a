/**
 * When bans end in jails with a ban time of their own, so that they are renewed
 * in time.
 *
 * @module
 */

import type { SteadyClock } from "../async/steady_clock.ts";
import { keyOf } from "../ban/ban.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";

/** Remembers when bans were made, or else their listed ends. */
export class JailRenewals {
  readonly #clock: SteadyClock;
  /** By the clock that never jumps. */
  #madeMs = new Map<string, number>();
  /** In steady time; of bans that were made before this program started. */
  #endsMs = new Map<string, number>();
  #servers: number | undefined;

  /** @param clock The process's steady clock. */
  constructor(clock: SteadyClock) {
    this.#clock = clock;
  }

  /**
   * Records that bans were made or renewed.
   *
   * @param bans The bans.
   * @param atMs A time before that, by the clock that never jumps.
   */
  made(bans: readonly HostBan[], atMs: number): void {
    for (const ban of bans) this.#madeMs.set(keyOf(ban), atMs);
  }

  /** Records the listed ends of bans that are otherwise unknown. */
  listed(bans: readonly ActiveBan[]): void {
    for (const ban of bans) {
      const key = keyOf(ban);
      const { expiresMs } = ban;
      if (expiresMs === undefined || this.#madeMs.has(key)) continue;
      this.#endsMs.set(key, expiresMs);
    }
  }

  /**
   * Forgets all bans except the given ones.
   *
   * @param bans The bans in force.
   * @param servers Number of fail2ban servers that have answered so far: a new
   * one has restored bans with the ends in its database.
   * @returns Whether the fail2ban server is the same as before.
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
   * The bans of a jail that need a renewal: they would end there too early, and
   * half of their time is over.
   *
   * @param bans The bans in force that are still wanted.
   * @param banTimeMs The jail's ban time.
   * @returns In the order of their ends.
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

  /** `-Infinity`: unknown. */
  #leftMs(ban: HostBan, banTimeMs: number): number {
    const key = keyOf(ban);
    const madeMs = this.#madeMs.get(key);
    if (madeMs !== undefined) {
      return madeMs + banTimeMs - this.#clock.monotonicMs();
    }
    return (this.#endsMs.get(key) ?? -Infinity) - this.#clock.nowMs();
  }
}
