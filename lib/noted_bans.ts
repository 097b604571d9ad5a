/**
 * What one action notes in the ledger.
 *
 * @module
 */

import type { HostBanChange } from "./host_bans.ts";
import { Complaints } from "./complaints.ts";
import { RuntimeError } from "./errors.ts";
import type { BanLedger, Clock, LocalBan, Log } from "./ports.ts";

/** What the notes are made of. */
export interface NotedBansOptions {
  /** Whose bans: the enforcer's name. */
  readonly action: string;
  readonly ledger: BanLedger;
  readonly clock: Clock;
  /** Told when something can't be noted: bans are enforced all the same. */
  readonly log: Log;
}

/** Keeps an action's part of the ledger. */
export class NotedBans {
  readonly #options: NotedBansOptions;
  readonly #complaints: Complaints;

  /** @param options What the notes are made of. */
  constructor(options: NotedBansOptions) {
    this.#options = options;
    const { action, clock, log } = options;
    this.#complaints = new Complaints({
      log,
      clock,
      trouble: "bans are not noted",
      over: "bans are noted again",
      fields: { action },
    });
  }

  /** What was noted before. @throws {RuntimeError} when it can't be read. */
  load(): readonly LocalBan[] {
    return this.#options.ledger.load(this.#options.action);
  }

  /**
   * Notes what should be in force. What was withdrawn is noted as ended until
   * it is lifted, so that a restart in between lifts it.
   *
   * @param changes What changed.
   */
  note(changes: readonly HostBanChange[]): void {
    const { action, ledger, clock } = this.#options;
    const nowMs = clock.nowMs();
    const bans = changes.flatMap(({ kind, ban }) => {
      switch (kind) {
        case "stands":
          return [ban];
        case "withdrawn":
          return [{ ...ban, expiresMs: nowMs }];
        case "lapsed":
          return [];
      }
    });
    if (bans.length > 0) this.#attempt(() => ledger.note(action, bans));
  }

  /**
   * Notes that bans are neither wanted nor in force.
   *
   * @param bans The bans.
   */
  forget(bans: readonly LocalBan[]): void {
    const { action, ledger, clock } = this.#options;
    if (bans.length === 0) return;
    this.#attempt(() => ledger.forget(action, bans, clock.nowMs()));
  }

  #attempt(note: () => void): void {
    try {
      note();
      this.#complaints.end();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#complaints.tell(error.message);
    }
  }
}
