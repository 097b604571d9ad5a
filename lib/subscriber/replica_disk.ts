/**
 * A subscriber's copy on its disk, which may be full, and in the system's time,
 * which may be set.
 *
 * The copy is blocks of bans and the changes after them: once these are many,
 * the blocks are written anew, a step at a time, from the table as it is.
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
import { shiftedChange, shiftedColumns } from "../ban/shifted_times.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for a copy's disk. */
export interface ReplicaDiskOptions {
  readonly store: ReplicaStore;
  /** The copy is in its time, the disk in the system's. */
  readonly clock: SteadyClock;
  readonly log: Log;
  /** Above so many changes, and more than there are bans, the whole is stored anew. @default {20000} */
  readonly manyChanges?: number;
  /** Bans in a block that is written at most. @default {as many as it has} */
  readonly maxBans?: number;
}

/** A part of a copy that came. */
export interface ArrivedPart {
  readonly mark: ReplicaMark;
  readonly isFirst: boolean;
  readonly block: BanBlock;
  /** How far the clock of the copy is ahead of that of the block, in milliseconds. */
  readonly byMs: number;
}

/** Interval between attempts to store a copy that the disk did not take. */
const RETRY_INTERVAL_MS = 30_000;
/** Limit of the system clock's drift: above it somebody set that clock. */
const DRIFT_LIMIT_MS = 1_000;
const MANY_CHANGES = 20_000;

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
  /** Changes after the blocks. */
  #changes = 0;
  /** Whether another copy was begun. */
  #isBegun = false;
  /** What is to be written of it, where it is not the publisher that tells. */
  #rest: Iterator<BlockOfBans, void> | undefined;
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
    if (stored === undefined) return undefined;
    const { blocks, changes } = stored;
    this.#changes = changes.length;
    return {
      ...stored,
      blocks: blocks.map((columns) => shiftedColumns(columns, -aheadMs)),
      changes: changes.map((change) => shiftedChange(change, -aheadMs)),
    };
  }

  /** Takes changes that follow what is stored, to be stored by {@link ReplicaDisk.flush}. */
  note(changes: readonly Change[]): void {
    for (const change of changes) this.#noted.push(change);
  }

  /** Stores what was noted. */
  flush(): void {
    const noted = this.#noted;
    if (noted.length === 0) return;
    this.#noted = [];
    // Changes come once a copy is whole: the publisher tells no more of the other.
    if (this.#rest === undefined) this.#isBegun = false;
    if (!this.isWhole && !this.#isBegun) return;
    const { store, clock: { aheadMs } } = this.#options;
    this.#attempt(() =>
      store.append(noted.map((each) => shiftedChange(each, aheadMs)))
    );
    this.#changes += noted.length;
  }

  /** Stores a part of another copy. */
  keepPart({ mark, isFirst, block, byMs }: ArrivedPart): void {
    // What was begun from the table itself is not continued by parts.
    if (this.#rest !== undefined) this.#isBegun = false;
    this.#rest = undefined;
    if (isFirst) this.#begin(mark);
    if (!this.#isBegun) return;
    const { store } = this.#options;
    this.#attempt(() => store.stage(block, byMs + this.#aheadMs));
  }

  /** All parts of another copy are stored. */
  keepReplaced(): void {
    if (this.#isBegun) this.#commit();
  }

  /**
   * Whether the whole is to be stored: the disk lacks something, its times are
   * wrong, or it takes more changes than bans to tell.
   *
   * @param bans How many there are.
   */
  isDue(bans: number): boolean {
    if (this.#isBegun) return false;
    const { clock, manyChanges = MANY_CHANGES } = this.#options;
    return clock.monotonicMs() >= (this.#wholeAtMs ?? Infinity) ||
      this.#isStepped || this.#changes > Math.max(manyChanges, bans);
  }

  /**
   * Begins to store the whole.
   *
   * @param mark What it is of.
   * @param bans The table's; it may change while they are taken.
   * @returns Whether {@link ReplicaDisk.storeNext} is to follow.
   */
  beginWhole(mark: ReplicaMark, bans: Iterable<Ban>): boolean {
    const { maxBans } = this.#options;
    this.#begin(mark);
    if (this.#isBegun) this.#rest = splitIntoBlocks(inWholeMs(bans), maxBans);
    return this.#isBegun;
  }

  /** Stores the next block of the whole. @returns Whether there is more. */
  storeNext(): boolean {
    const { value } = this.#rest?.next() ?? {};
    if (value === undefined) return false;
    const { store } = this.#options;
    const block = BanBlock.of(value.bans);
    this.#attempt(() => store.stage(block, this.#aheadMs));
    if (value.isLast && this.#isBegun) this.#commit();
    return this.#isBegun;
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

  /** What fails leaves the disk without the whole, which is stored later. */
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

/** Whole numbers take half the room in a block. */
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
