/**
 * Background work that keeps the store small and a start short: it prunes the
 * history and writes snapshots of the table.
 *
 * @module
 */

import { type BanStore, StoreLeftError } from "./ban_store.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";

/** Options for {@link StoreUpkeep}. */
export interface StoreUpkeepOptions {
  readonly store: Pick<BanStore, "prune" | "settle">;
  /** The store's clock. */
  readonly clock: Clock;
  readonly log: Log;
  /** How long the history is kept, in milliseconds. */
  readonly keepHistoryMs: number;
  /**
   * Whether the clock can be trusted: pruning and snapshots drop expired bans,
   * and with a wrong clock they would drop live ones.
   */
  readonly mayForget: () => boolean;
}

/** Interval between prunings of the history, each in small steps. */
const PRUNE_INTERVAL_MS = 60_000;
/** Interval between checks whether a snapshot is due. */
const SETTLE_INTERVAL_MS = 1_000;
/**
 * Pause between two steps of a pruning, in milliseconds; below, of a snapshot.
 */
const PRUNE_PAUSE_MS = 50;
const SETTLE_PAUSE_MS = 20;

/** Maintains a store. It retries what fails; a failure loses nothing. */
export class StoreUpkeep {
  readonly #options: StoreUpkeepOptions;

  /** @param options See {@link StoreUpkeepOptions}. */
  constructor(options: StoreUpkeepOptions) {
    this.#options = options;
  }

  /** The tasks, which the caller runs side by side until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [
      (signal) => this.#prune(signal),
      (signal) => this.#settle(signal),
    ];
  }

  #prune(signal: AbortSignal): Promise<void> {
    const { clock, store, keepHistoryMs, mayForget } = this.#options;
    const words = {
      trouble: "the past can't be forgotten, and is tried again",
      over: "the past is forgotten again",
    };
    return this.#each(PRUNE_INTERVAL_MS, words, signal, async () => {
      if (!mayForget()) return;
      const nowMs = clock.nowMs();
      while (await store.prune(nowMs - keepHistoryMs, nowMs)) {
        await clock.delay(PRUNE_PAUSE_MS, signal);
      }
    });
  }

  #settle(signal: AbortSignal): Promise<void> {
    const { clock, store, mayForget } = this.#options;
    const words = {
      trouble: "a snapshot of the bans can't be written, and is tried again",
      over: "snapshots of the bans are written again",
    };
    return this.#each(SETTLE_INTERVAL_MS, words, signal, async () => {
      while (mayForget() && await store.settle()) {
        await clock.delay(SETTLE_PAUSE_MS, signal);
      }
    });
  }

  async #each(
    intervalMs: number,
    words: { readonly trouble: string; readonly over: string },
    signal: AbortSignal,
    work: () => Promise<void>,
  ): Promise<void> {
    const { clock, log } = this.#options;
    const troubleLog = new TroubleLog({ log, clock, ...words });
    while (true) {
      await clock.delay(intervalMs, signal);
      try {
        await work();
        troubleLog.resolve();
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (!(error instanceof StoreLeftError)) {
          troubleLog.report(error.message);
        }
      }
    }
  }
}
