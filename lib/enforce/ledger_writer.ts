/**
 * Writes and reads an action's part of the ledger, in system time.
 *
 * @module
 */

import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type {
  BanLedger,
  BanState,
  LedgerContents,
  WantedReports,
} from "./ban_ledger.ts";
import type { HostBan } from "./enforcer.ts";
import type { PlanState } from "./plan_types.ts";
import type { Log } from "../log/log.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for an action's part of the ledger. */
export interface LedgerWriterOptions {
  /** Name of the enforcer that has these bans. */
  readonly action: string;
  readonly ledger: BanLedger;
  /** The process's steady clock: bans use its time. */
  readonly clock: SteadyClock;
  /**
   * Whether the bans in force are recorded; otherwise only that there may be
   * some. @default {true}
   */
  readonly notesBans?: boolean;
  /** Receives write errors of the ledger; bans are enforced all the same. */
  readonly log: Log;
}

/** Clock offsets that differ by less count as equal. */
const SAME_TIME_LIMIT_MS = 1_000;

/** An action's part of the ledger: converts times, and survives a full disk. */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;
  readonly #troubleLog: TroubleLog;
  /** Whether the bans in force are recorded. */
  readonly notesBans: boolean;
  /** How far the system's clock was ahead at the last complete write. */
  #aheadMs: number;

  /** @param options The action, and the ledger. */
  constructor(options: LedgerWriterOptions) {
    this.#options = options;
    this.notesBans = options.notesBans ?? true;
    this.#aheadMs = options.clock.aheadMs;
    const { action, clock, log } = options;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "bans are not noted",
      over: "bans are noted again",
      fields: { action },
    });
  }

  /**
   * Whether the system's clock was set since the last complete write, so that
   * the ends in the ledger are wrong.
   */
  get isOutdated(): boolean {
    return Math.abs(this.#options.clock.aheadMs - this.#aheadMs) >
      SAME_TIME_LIMIT_MS;
  }

  /** Records that bans may be in force, without naming them. */
  recordUse(): void {
    const { action, ledger } = this.#options;
    this.#attempt(() => ledger.recordUse(action));
  }

  /**
   * Reads the earlier records.
   *
   * @throws {RuntimeError} when they can't be read.
   */
  load(): LedgerContents {
    const { action, ledger, clock } = this.#options;
    const { reports, marks } = ledger.load(action);
    const read = moved(-clock.aheadMs);
    return {
      reports: reports.map(read),
      marks: marks.map(({ ban, state }) => ({ ban: read(ban), state })),
    };
  }

  /** Records who wants bans in force; see `BanLedger`. */
  want(wanted: readonly WantedReports[]): void {
    const { action, ledger, clock } = this.#options;
    if (wanted.length === 0) return;
    const write = moved(clock.aheadMs);
    const noted = wanted.map(({ reports, ...ban }) => ({
      ...ban,
      reports: reports.map(write),
    }));
    this.#attempt(() => ledger.want(action, noted));
  }

  /** Records everything anew, with ends by the system's clock as it is now. */
  wantAll(wanted: readonly WantedReports[]): void {
    this.#aheadMs = this.#options.clock.aheadMs;
    this.want(wanted);
  }

  /** Records bans that are about to be applied. */
  recordStart(bans: readonly HostBan[]): void {
    const { action, ledger, clock } = this.#options;
    if (!this.notesBans) return;
    const noted = bans.map(moved(clock.aheadMs));
    this.#attempt(() => ledger.recordStart(action, noted, clock.wallMs()));
  }

  /** Records the outcome of bans. */
  recordOutcome(states: readonly BanState[]): void {
    const { action, ledger, clock } = this.#options;
    if (states.length === 0 || !this.notesBans) return;
    const write = moved(clock.aheadMs);
    const noted = states.map(({ ban, state }) => ({ ban: write(ban), state }));
    this.#attempt(() => ledger.recordOutcome(action, noted, clock.wallMs()));
  }

  /** Records the outcome of bans that were tried. */
  recordOutcomeOf(
    bans: readonly HostBan[],
    stateOf: (ban: HostBan) => PlanState,
  ): void {
    if (!this.notesBans) return;
    this.recordOutcome(bans.map((ban) => ({ ban, state: stateOf(ban) })));
  }

  #attempt(note: () => void): void {
    try {
      note();
      this.#troubleLog.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubleLog.report(error.message);
    }
  }
}

/** Converts the ends of bans to another clock. */
function moved(byMs: number): (ban: HostBan) => HostBan {
  return byMs === 0
    ? (ban) => ban
    : (ban) => ({ ...ban, expiresMs: ban.expiresMs + byMs });
}
