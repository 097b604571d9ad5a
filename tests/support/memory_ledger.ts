/**
 * A ledger that ends with its process.
 *
 * @module
 */

import type { BanEvent } from "../../lib/ban_event.ts";
import type { RuntimeError } from "../../lib/errors.ts";
import { keyOfBan } from "../../lib/plan_entry.ts";
import type { BanLedger, LocalBan } from "../../lib/ports.ts";

/** Keeps notes in memory, and fails when a test says so. */
export class MemoryLedger implements BanLedger {
  /** What notes, forgets and reads of them are refused with. */
  failure: RuntimeError | undefined;
  /** How often bans were noted or forgotten. */
  writes = 0;
  readonly #bans = new Map<string, Map<string, LocalBan>>();

  note(action: string, bans: readonly LocalBan[]): void {
    this.#write();
    for (const ban of bans) this.#of(action).set(keyOfBan(ban), ban);
  }

  forget(action: string, bans: readonly LocalBan[]): void {
    this.#write();
    for (const ban of bans) this.#of(action).delete(keyOfBan(ban));
  }

  load(action: string): readonly LocalBan[] {
    if (this.failure !== undefined) throw this.failure;
    return [...this.#of(action).values()];
  }

  /** Whether a ban is noted, whatever its end. */
  has(action: string, ban: Pick<BanEvent, "jail" | "address">): boolean {
    return this.#of(action).has(keyOfBan(ban));
  }

  #write(): void {
    if (this.failure !== undefined) throw this.failure;
    this.writes++;
  }

  #of(action: string): Map<string, LocalBan> {
    const known = this.#bans.get(action) ?? new Map<string, LocalBan>();
    this.#bans.set(action, known);
    return known;
  }
}
