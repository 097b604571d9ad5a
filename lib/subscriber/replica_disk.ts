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

/** What a disk is made of. */
export interface ReplicaDiskOptions {
  readonly store: ReplicaStore;
  /** The copy goes by it; the disk by the system's. */
  readonly clock: SteadyClock;
  readonly log: Log;
}

/** A disk that can't take the copy is tried again so often, in milliseconds. */
const AGAIN_AFTER_MS = 30_000;
/** Somebody set the system's clock when it is off by more, in milliseconds. */
const STEP_MS = 1_000;

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

  /** @param options What the disk is made of. */
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

  /** Stores changes that follow what is stored. */
  append(changes: readonly Change[]): void {
    if (!this.isWhole || this.#isStepped) return;
    const { store, clock } = this.#options;
    const { aheadMs } = clock;
    const inWallTime = changes.map((each) => shiftedChange(each, aheadMs));
    this.#attempt(() => store.append(inWallTime, clock.wallMs()));
  }

  /** Stores the whole. */
  replace({ epoch, seq, bans }: StoredReplica): void {
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
    return Math.abs(aheadMs - this.#aheadMs) > STEP_MS;
  }

  /** Says how much was not told, if anything was not. */
  flush(): void {
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
      this.#wholeAtMs = clock.monotonicMs() + AGAIN_AFTER_MS;
      this.#troubleLog.report(error.message);
    }
  }
}

function shifted(bans: readonly Ban[], byMs: number): readonly Ban[] {
  return bans.map((ban) => shiftedBan(ban, byMs));
}
