/**
 * Counts and tells what became of bans at one enforcer.
 *
 * @module
 */

import { Complaints } from "./complaints.ts";
import { keyOfBan } from "./plan_entry.ts";
import type { Drift, Work } from "./plan_report.ts";
import type { Clock, EnforcementFailure, Log } from "./ports.ts";

/** What an enforced action has done so far. */
export interface EnforcedActionCounters {
  /** Bans applied. */
  applied: number;
  /** Bans lifted. */
  lifted: number;
  /** Bans that were to be applied or lifted and were not; they are tried again. */
  failures: number;
  /** Bans that were found not to be in force though they should have been. */
  missing: number;
  /** Bans that were found in force though nobody wanted them. */
  surplus: number;
}

/** What a tally is made of. */
export interface EnforcementTallyOptions {
  /** The enforcer's name. */
  readonly action: string;
  /** Where to tell. */
  readonly log: Log;
  readonly clock: Clock;
}

/** Counts, and tells in the log. */
export class EnforcementTally {
  /** What was done so far. */
  readonly counters: EnforcedActionCounters = {
    applied: 0,
    lifted: 0,
    failures: 0,
    missing: 0,
    surplus: 0,
  };
  /** What fails, told once. */
  readonly complaints: Complaints;
  readonly #log: Log;
  readonly #action: string;

  /** @param options What the tally is made of. */
  constructor({ action, log, clock }: EnforcementTallyOptions) {
    this.#action = action;
    this.#log = log;
    this.complaints = new Complaints({
      log,
      clock,
      trouble: "action failed, and is tried again",
      over: "action works again",
      fields: { action },
    });
  }

  /** The enforcer works, and holds so many bans of before. */
  begun(inForce: number): void {
    this.#log.record("info", "action works", { action: this.#action, inForce });
  }

  /** A batch was done, but for some failures. */
  done({ verb, bans }: Work, failures: readonly EnforcementFailure[]): void {
    const isApplied = verb === "apply";
    const failed = new Set(failures.map(({ ban }) => keyOfBan(ban)));
    this.counters.failures += failed.size;
    this.counters[isApplied ? "applied" : "lifted"] += bans.length -
      failed.size;
    for (const { ban: { jail, address }, reason } of failures) {
      this.complaints.tell(reason, { jail, address });
    }
    for (const ban of bans) {
      if (failed.has(keyOfBan(ban))) continue;
      const { origin: node, jail, address } = ban;
      this.#log.record("notice", isApplied ? "ban applied" : "ban lifted", {
        action: this.#action,
        node,
        jail,
        address,
      });
    }
  }

  /** A batch failed as a whole. */
  failed({ bans }: Work, reason: string): void {
    this.counters.failures += bans.length;
    this.complaints.tell(reason, { bans: bans.length });
  }

  /** What is in force was compared with what should be. */
  compared({ missing, surplus }: Drift): void {
    this.counters.missing += missing;
    this.counters.surplus += surplus;
    if (missing + surplus === 0) return;
    this.#log.record("warning", "what is in force differed", {
      action: this.#action,
      missing,
      surplus,
    });
  }
}
