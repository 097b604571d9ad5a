/**
 * Stores the receipts of subscribers.
 *
 * A write blocks everything else until it is on disk. So receipts are gathered
 * and written together, and after each write comes a pause several times as
 * long: reports keep most of the time, however many receipts arrive.
 *
 * @module
 */

import { BusyError } from "../ban/ban_hub.ts";
import {
  type BanStore,
  type StoredReceipt,
  StoreLeftError,
} from "../ban/ban_store.ts";
import type { Receipt } from "../ban/receipt.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { BatchQueue, type Submission } from "../async/batch_queue.ts";
import { MAX_ACTIONS } from "../wire/v2_limits.ts";

/** Options for {@link ReceiptIntake}. */
export interface ReceiptIntakeOptions {
  readonly store: Pick<BanStore, "keepReceipts">;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** Called with new receipts once they are stored. Must not throw. */
  readonly onReceiptsKept: (kept: readonly StoredReceipt[]) => void;
  /** Maximum number of waiting receipts. @default {50000} */
  readonly maxWaiting?: number;
  /** Maximum number of receipts in one write. @default {500} */
  readonly maxAtOnce?: number;
}

/** Counters of a {@link ReceiptIntake} since its start. */
export interface ReceiptIntakeCounters {
  /** Receipts that were stored. */
  receipts: number;
  /**
   * Receipts of bans that the store does not know, or of too many actions:
   * acknowledged, not stored.
   */
  receiptsUnknown: number;
}

const REJECTIONS = {
  full: "Cannot take receipts: too many wait",
  closed: "Cannot take receipts: this has stopped",
} as const;

/** Length of a pause, as a multiple of the step before it. */
const PAUSE_FACTOR = 4;
/** Shortest and longest pause. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;

/** Converts a node's receipts to the publisher's time. */
export function receiptsOf(
  node: HostName,
  results: readonly Receipt[],
  nowMs: number,
): readonly StoredReceipt[] {
  return results.map(({ agoMs, ...receipt }) => ({
    ...receipt,
    node,
    atMs: nowMs - agoMs,
  }));
}

/** Gathers receipts and has them stored. */
export class ReceiptIntake {
  /** Totals since the start. */
  readonly counters: ReceiptIntakeCounters = {
    receipts: 0,
    receiptsUnknown: 0,
  };
  readonly #options: ReceiptIntakeOptions;
  readonly #troubleLog: TroubleLog;
  readonly #queue: BatchQueue<StoredReceipt>;
  /**
   * The action names of each member so far: each name adds a row to every ban,
   * so their number is limited.
   */
  readonly #actions = new Map<HostName, Set<string>>();

  /** Creates an intake. */
  constructor(options: ReceiptIntakeOptions) {
    this.#options = options;
    const { log, clock, maxWaiting = 50_000, maxAtOnce = 500 } = options;
    this.#queue = new BatchQueue({
      maxWaiting,
      maxBatch: () => maxAtOnce,
      rejection: (why) => new BusyError(REJECTIONS[why]),
    });
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "receipts can't be kept, and are not acknowledged",
      over: "receipts are kept again",
    });
  }

  /**
   * Accepts receipts, all or none.
   *
   * @returns Resolves once they are stored.
   * @throws {BusyError} when too many wait; nothing was taken.
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  accept(receipts: readonly StoredReceipt[]): Promise<void> {
    const known = receipts.filter((receipt) => this.#knowsAction(receipt));
    this.counters.receiptsUnknown += receipts.length - known.length;
    return this.#queue.submit(known);
  }

  /** A node may choose its action names, but not more than the limit. */
  #knowsAction({ node, action }: StoredReceipt): boolean {
    const name = canonicalHost(node);
    const names = this.#actions.get(name) ?? new Set();
    this.#actions.set(name, names);
    if (names.size < MAX_ACTIONS) names.add(action);
    return names.has(action);
  }

  /**
   * Stores accepted receipts until aborted; those still waiting are not stored.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      await this.#queue.run(signal, async (batch) => {
        const startMs = clock.monotonicMs();
        await this.#keep(batch);
        const tookMs = clock.monotonicMs() - startMs;
        await clock.delay(pauseMs(tookMs), signal);
      });
    } finally {
      this.#troubleLog.flush();
    }
  }

  async #keep(
    submissions: readonly Submission<StoredReceipt, void>[],
  ): Promise<void> {
    const receipts = submissions.flatMap(({ items }) => items);
    try {
      const { store, onReceiptsKept } = this.#options;
      const { kept, unknown } = await store.keepReceipts(receipts);
      this.counters.receipts += receipts.length - unknown;
      this.counters.receiptsUnknown += unknown;
      onReceiptsKept(kept);
      this.#troubleLog.resolve();
      for (const { resolve } of submissions) resolve();
    } catch (error) {
      for (const { reject } of submissions) reject(error);
      if (!(error instanceof RuntimeError)) throw error;
      if (error instanceof StoreLeftError) return;
      this.#troubleLog.report(error.message);
    }
  }
}

function pauseMs(tookMs: number): number {
  return Math.min(
    Math.max(PAUSE_FACTOR * tookMs, MIN_PAUSE_MS),
    MAX_PAUSE_MS,
  );
}
