/**
 * A subscriber's copy on disk, in the system's time. The disk may be full, and
 * the system's clock may be set.
 *
 * The stored copy is blocks of bans and the changes after them. Once there are
 * many changes, the blocks are rewritten from the current table, step by step.
 *
 * @module
 */

import type { Ban, Change } from "../ban/ban.ts";
import {
  BanBlock,
  type BlockOfBans,
  splitIntoBlocks,
} from "../ban/ban_block.ts";
import type {
  ReplicaMark,
  ReplicaStore,
  StoredReplica,
} from "../ban/ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { shiftedChange } from "../ban/shifted_times.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for {@link ReplicaDisk}. */
export interface ReplicaDiskOptions {
  readonly store: ReplicaStore;
  /** The copy uses its time, the disk the system's. */
  readonly clock: SteadyClock;
  readonly log: Log;
  /**
   * Changes, if more than bans, after which blocks are rewritten.
   *
   * @default {20000}
   */
  readonly manyChanges?: number;
  /** Most bans in a written block. @default {as many as fit} */
  readonly maxBans?: number;
}

/** A received part of a new copy. */
export interface ArrivedPart {
  readonly mark: ReplicaMark;
  readonly isFirst: boolean;
  readonly block: BanBlock;
  /** How far the copy's clock is ahead of the block's, in milliseconds. */
  readonly byMs: number;
}

/** Interval between attempts to store a copy after a failure. */
const RETRY_INTERVAL_MS = 30_000;
/** Larger changes of the offset mean that somebody set the system's clock. */
const DRIFT_LIMIT_MS = 1_000;
const MANY_CHANGES = 20_000;

/**
 * Stores a copy. A failure blocks nothing: the publisher has the table, and the
 * complete copy is stored later.
 */
export class ReplicaDisk {
  readonly #options: ReplicaDiskOptions;
  readonly #troubleLog: TroubleLog;
  /** When to store the complete copy; `undefined`: the disk has it. */
  #wholeAtMs: number | undefined;
  /** How far the system's clock was ahead when the blocks were stored. */
  #aheadMs: number;
  /** Number of changes after the blocks. */
  #changes = 0;
  /** Whether a new copy was begun. */
  #isBegun = false;
  /** Its remaining blocks, if it is written from the table. */
  #rest: Iterator<BlockOfBans, void> | undefined;
  /** Changes in the copy that the disk does not have yet. */
  #noted: Change[] = [];

  /** @param options See {@link ReplicaDiskOptions}. */
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

  /** Whether the disk has the complete copy. */
  get isWhole(): boolean {
    return this.#wholeAtMs === undefined;
  }

  /** The stored copy. @throws {RuntimeError} when it can't be read. */
  load(): StoredReplica | undefined {
    const { store, clock: { aheadMs } } = this.#options;
    const stored = store.load(-aheadMs);
    if (stored === undefined) return undefined;
    const { changes } = stored;
    this.#changes = changes.length;
    return {
      ...stored,
      changes: changes.map((change) => shiftedChange(change, -aheadMs)),
    };
  }

  /** Adds consecutive changes, which {@link ReplicaDisk.flush} stores. */
  note(changes: readonly Change[]): void {
    for (const change of changes) this.#noted.push(change);
  }

  /** Stores the added changes. */
  flush(): void {
    const noted = this.#noted;
    if (noted.length === 0) return;
    this.#noted = [];
    // Changes come after a complete copy: no more parts of the new one follow.
    if (this.#rest === undefined) this.#isBegun = false;
    if (!this.isWhole && !this.#isBegun) return;
    const { store, clock: { aheadMs } } = this.#options;
    this.#attempt(() =>
      store.append(noted.map((each) => shiftedChange(each, aheadMs)))
    );
    this.#changes += noted.length;
  }

  /** Stores a part of a new copy. */
  keepPart({ mark, isFirst, block, byMs }: ArrivedPart): void {
    // Parts can't continue a copy that was begun from the table itself.
    if (this.#rest !== undefined) this.#isBegun = false;
    this.#rest = undefined;
    if (isFirst) this.#begin(mark);
    if (!this.#isBegun) return;
    const { store } = this.#options;
    this.#attempt(() => store.stage(block, byMs + this.#aheadMs));
  }

  /** Completes a new copy after its last part. */
  keepReplaced(): void {
    if (this.#isBegun) this.#commit();
  }

  /**
   * Whether to store the complete copy: the disk lacks something, its times are
   * wrong, or it has more changes than bans.
   *
   * @param bans Number of bans in the copy.
   */
  isDue(bans: number): boolean {
    if (this.#isBegun) return false;
    const { clock, manyChanges = MANY_CHANGES } = this.#options;
    return clock.monotonicMs() >= (this.#wholeAtMs ?? Infinity) ||
      this.#isStepped || this.#changes > Math.max(manyChanges, bans);
  }

  /**
   * Begins to store the complete copy.
   *
   * @param mark Its epoch and number.
   * @param bans The table's bans; the table may change meanwhile.
   * @returns Whether to call {@link ReplicaDisk.storeNext} next.
   */
  beginWhole(mark: ReplicaMark, bans: Iterable<Ban>): boolean {
    const { maxBans } = this.#options;
    this.#begin(mark);
    if (this.#isBegun) this.#rest = splitIntoBlocks(inWholeMs(bans), maxBans);
    return this.#isBegun;
  }

  /** Stores the next block of the copy. @returns Whether there are more. */
  storeNext(): boolean {
    const { value } = this.#rest?.next() ?? {};
    if (value === undefined) return false;
    const { store } = this.#options;
    const block = BanBlock.of(value.bans);
    this.#attempt(() => store.stage(block, this.#aheadMs));
    if (value.isLast && this.#isBegun) this.#commit();
    return this.#isBegun;
  }

  /** Whether the stored times are off, because the system's clock was set. */
  get #isStepped(): boolean {
    const { aheadMs } = this.#options.clock;
    return Math.abs(aheadMs - this.#aheadMs) > DRIFT_LIMIT_MS;
  }

  /** Stores the added changes, and flushes the throttled log records. */
  close(): void {
    this.flush();
    this.#troubleLog.flush();
  }

  #begin(mark: ReplicaMark): void {
    this.flush();
    const { store, clock: { aheadMs } } = this.#options;
    this.#isBegun = true;
    this.#aheadMs = aheadMs;
    this.#changes = 0;
    this.#attempt(() => store.begin(mark));
  }

  #commit(): void {
    this.#attempt(() => this.#options.store.commit());
    if (!this.#isBegun) return;
    this.#isBegun = false;
    this.#rest = undefined;
    this.#wholeAtMs = undefined;
    this.#troubleLog.resolve();
  }

  /** After a failure the complete copy is stored later. */
  #attempt(change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { clock } = this.#options;
      this.#wholeAtMs = clock.monotonicMs() + RETRY_INTERVAL_MS;
      this.#isBegun = false;
      this.#rest = undefined;
      this.#troubleLog.report(error.message);
    }
  }
}

/** Rounds times: whole numbers take half the space in a block. */
function* inWholeMs(bans: Iterable<Ban>): Generator<Ban, void, undefined> {
  for (const ban of bans) {
    const reports = ban.reports.map(({ origin, ...ms }) => ({
      origin,
      firstMs: Math.floor(ms.firstMs),
      lastMs: Math.floor(ms.lastMs),
      expiresMs: Math.ceil(ms.expiresMs),
    }));
    yield { ...ban, reports };
  }
}
