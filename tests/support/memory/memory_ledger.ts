/**
 * A ledger in memory.
 *
 * @module
 */

import type { RuntimeError } from "../../../lib/base/errors.ts";
import { keyOf } from "../../../lib/ban/ban.ts";
import type {
  BanLedger,
  BanState,
  LedgerContents,
  WantedReports,
} from "../../../lib/enforce/ban_ledger.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";

/** Keeps notes in memory, and fails on demand. */
export class MemoryLedger implements BanLedger {
  /** An error to reject reads and writes with. */
  failure: RuntimeError | undefined;
  /** Number of writes of the desired bans. */
  writes = 0;
  readonly #wanted = new Map<string, readonly HostBan[]>();
  readonly #marks = new Map<string, BanState>();
  readonly #used = new Set<string>();

  want(action: string, wanted: readonly WantedReports[]): void {
    this.#demand();
    this.writes++;
    for (const { reports, ...ban } of wanted) {
      const key = `${action} ${keyOf(ban)}`;
      if (reports.length === 0) this.#wanted.delete(key);
      else this.#wanted.set(key, reports);
    }
  }

  recordStart(action: string, bans: readonly HostBan[]): void {
    this.#demand();
    for (const ban of bans) {
      this.#marks.set(`${action} ${keyOf(ban)}`, { ban, state: "tried" });
    }
  }

  recordOutcome(action: string, bans: readonly BanState[]): void {
    this.#demand();
    for (const { ban, state } of bans) {
      const key = `${action} ${keyOf(ban)}`;
      if (state === "none") this.#marks.delete(key);
      else if (state === "applied") this.#marks.set(key, { ban, state });
    }
  }

  load(action: string): LedgerContents {
    this.#demand();
    const isOf = ([key]: readonly [string, unknown]) =>
      key.startsWith(`${action} `);
    return {
      reports: [...this.#wanted].filter(isOf).flatMap(([, reports]) => reports),
      marks: [...this.#marks].filter(isOf).map(([, mark]) => mark),
    };
  }

  recordUse(action: string): void {
    this.#demand();
    for (const notes of [this.#wanted, this.#marks]) {
      for (const key of notes.keys()) {
        if (key.startsWith(`${action} `)) notes.delete(key);
      }
    }
    this.#used.add(action);
  }

  recordEnd(action: string): void {
    this.#demand();
    this.#used.delete(action);
  }

  isInUse(action: string): boolean {
    this.#demand();
    return this.#used.has(action) || this.load(action).marks.length > 0;
  }

  /** Whether a ban is noted as tried or applied. */
  has(action: string, ban: Pick<HostBan, "jail" | "address">): boolean {
    return this.#marks.has(`${action} ${keyOf(ban)}`);
  }

  #demand(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
