/**
 * A subscriber's copy on its disk, which may be full, and in the system's time,
 * which may be set.
 *
 * @module
 */

import type { Ban, Change } from "../ban/ban.ts";
import type { ReplicaStore, StoredReplica } from "../ban/ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { shiftedBan, shiftedChange } from "../ban/shifted_times.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for a copy's disk. */
export interface ReplicaDiskOptions {
  readonly store: ReplicaStore;
  /** The copy is in its time, the disk in the system's. */
  readonly clock: SteadyClock;
  readonly log: Log;
}

/** Interval between attempts to store a copy that the disk did not take. */
const RETRY_INTERVAL_MS = 30_000;
/** Limit of the system clock's drift: above it somebody set that clock. */
const DRIFT_LIMIT_MS = 1_000;

/**
 * Keeps a copy. What fails holds nothing back: the publisher has the table,
 * and the whole of it is stored later.
 */
export class ReplicaDisk {
  readonly #options: ReplicaDiskOptions;
  readonly #troubleLog: TroubleLog;
  /** When the whole is to be stored; `undefined`: the disk has all. */
  #wholeAtMs: number | undefined;
  /** How far the system's clock was ahead when the whole was stored. */
  #aheadMs: number;
  /** Changes that the copy has and the disk does not yet. */
  #noted: Change[] = [];

  /** @param options The store, and the clock of the copy. */
  constructor(options: ReplicaDiskOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#aheadMs = clock.aheadMs;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "the copy can't be kept on disk, and is tried again",
      over: "the copy is on disk again",
    });
  }

  /** Whether the disk has all of the copy. */
  get isWhole(): boolean {
    return this.#wholeAtMs === undefined;
  }

  /** The copy as it was left. @throws {RuntimeError} when it can't be read. */
  load(): StoredReplica | undefined {
    const { store, clock: { aheadMs } } = this.#options;
    const stored = store.load();
    return stored && { ...stored, bans: shifted(stored.bans, -aheadMs) };
  }

  /** Takes changes that follow what is stored, to be stored by {@link ReplicaDisk.flush}. */
  note(changes: readonly Change[]): void {
    for (const change of changes) this.#noted.push(change);
  }

  /** Stores what was noted. */
  flush(): void {
    const noted = this.#noted;
    this.#noted = [];
    if (noted.length === 0 || !this.isWhole || this.#isStepped) return;
    const { store, clock } = this.#options;
    const { aheadMs } = clock;
    const inWallTime = noted.map((each) => shiftedChange(each, aheadMs));
    this.#attempt(() => store.append(inWallTime, clock.wallMs()));
  }

  /** Stores the whole; what was noted is in it. */
  replace({ epoch, seq, bans }: StoredReplica): void {
    this.#noted = [];
    const { store, clock: { aheadMs } } = this.#options;
    const inWallTime = shifted(bans, aheadMs);
    this.#aheadMs = aheadMs;
    this.#attempt(() => store.replace({ epoch, seq, bans: inWallTime }));
  }

  /** Whether the whole is to be stored: the disk lacks something, or its times are wrong. */
  get isDue(): boolean {
    const { clock } = this.#options;
    return clock.monotonicMs() >= (this.#wholeAtMs ?? Infinity) ||
      this.#isStepped;
  }

  /** What is stored is in another time than what would be: it is written anew. */
  get #isStepped(): boolean {
    const { aheadMs } = this.#options.clock;
    return Math.abs(aheadMs - this.#aheadMs) > DRIFT_LIMIT_MS;
  }

  /** Stores what was noted, and logs how many records were kept back by the throttle. */
  close(): void {
    this.flush();
    this.#troubleLog.flush();
  }

  #attempt(change: () => void): void {
    try {
      change();
      this.#wholeAtMs = undefined;
      this.#troubleLog.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { clock } = this.#options;
      this.#wholeAtMs = clock.monotonicMs() + RETRY_INTERVAL_MS;
      this.#troubleLog.report(error.message);
    }
  }
}

function shifted(bans: readonly Ban[], byMs: number): readonly Ban[] {
  return bans.map((ban) => shiftedBan(ban, byMs));
}
