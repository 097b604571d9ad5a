/**
 * Takes the receipts of subscribers into the store.
 *
 * Keeping them holds everything else up, forced to the disk as it is. So what
 * comes within a while is kept together, and after each step comes a pause that
 * is several times as long: whatever comes in, reports have most of the time.
 *
 * @module
 */

import { BusyError } from "../ban/ban_hub.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { Condition } from "../async/tasks.ts";

/** What an intake is made of. */
export interface ReceiptIntakeOptions {
  readonly store: Pick<BanStore, "keepReceipts">;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** Receipts that may wait to be kept. @default {50000} */
  readonly maxWaiting?: number;
  /** Receipts that are kept in one step at most. @default {2000} */
  readonly maxAtOnce?: number;
}

/** What an intake has done so far. */
export interface ReceiptIntakeCounters {
  /** Receipts that were kept. */
  receipts: number;
  /** Receipts of bans that the store does not know: acknowledged, and not kept. */
  receiptsUnknown: number;
}

interface WaitingReceipts {
  readonly receipts: readonly StoredReceipt[];
  readonly kept: PromiseWithResolvers<void>;
}

/** A pause is so many times as long as the step before it took... */
const PAUSE_FACTOR = 4;
/** ...and within these, in milliseconds. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;

/** Collects receipts, and has them kept. */
export class ReceiptIntake {
  /** What was done so far. */
  readonly counters: ReceiptIntakeCounters = {
    receipts: 0,
    receiptsUnknown: 0,
  };
  readonly #options: Required<ReceiptIntakeOptions>;
  readonly #troubleLog: TroubleLog;
  readonly #changed = new Condition();
  #waiting: WaitingReceipts[] = [];
  #waitingReceipts = 0;

  /** Makes an intake of what it works with. */
  constructor(options: ReceiptIntakeOptions) {
    this.#options = { maxWaiting: 50_000, maxAtOnce: 2_000, ...options };
    const { log, clock } = options;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "receipts can't be kept, and are not acknowledged",
      over: "receipts are kept again",
    });
  }

  /**
   * Takes receipts, all or none.
   *
   * @returns Resolves once they are kept.
   * @throws {BusyError} when too much waits; nothing was taken.
   * @throws {RuntimeError} when they can't be kept; none was.
   */
  accept(receipts: readonly StoredReceipt[]): Promise<void> {
    const { maxWaiting } = this.#options;
    if (this.#waitingReceipts + receipts.length > maxWaiting) {
      const busy = new BusyError("Cannot take receipts: too many wait");
      return Promise.reject(busy);
    }
    const kept = Promise.withResolvers<void>();
    this.#waiting.push({ receipts, kept });
    this.#waitingReceipts += receipts.length;
    this.#changed.notify();
    return kept.promise;
  }

  /**
   * Keeps what was taken until aborted; what waits then is not kept.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (true) {
        while (this.#waiting.length === 0) await this.#changed.wait(signal);
        const startMs = clock.monotonicMs();
        await this.#keep(this.#nextWaiting());
        const tookMs = clock.monotonicMs() - startMs;
        await clock.delay(pauseMs(tookMs), signal);
      }
    } finally {
      const stopped = new BusyError("Cannot take receipts: this has stopped");
      for (const { kept } of this.#waiting) kept.reject(stopped);
      this.#waiting = [];
      this.#troubleLog.flush();
    }
  }

  #nextWaiting(): readonly WaitingReceipts[] {
    const { maxAtOnce } = this.#options;
    let count = 0;
    const more = this.#waiting.findIndex(({ receipts }, index) => {
      count += receipts.length;
      return index > 0 && count > maxAtOnce;
    });
    const taken = this.#waiting.splice(0, more < 0 ? Infinity : more);
    for (const { receipts } of taken) this.#waitingReceipts -= receipts.length;
    return taken;
  }

  async #keep(taken: readonly WaitingReceipts[]): Promise<void> {
    const receipts = taken.flatMap((each) => each.receipts);
    try {
      const unknown = await this.#options.store.keepReceipts(receipts);
      this.counters.receipts += receipts.length - unknown;
      this.counters.receiptsUnknown += unknown;
      this.#troubleLog.resolve();
      for (const { kept } of taken) kept.resolve();
    } catch (error) {
      for (const { kept } of taken) kept.reject(error);
      if (!(error instanceof RuntimeError)) throw error;
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
