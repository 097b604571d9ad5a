/**
 * Stores which programs were alive, so that a restarted publisher knows the
 * last state of each.
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { NodePresence, NodeRecords } from "../members/node_records.ts";

/** Options for {@link PresenceKeeper}. */
export interface PresenceKeeperOptions {
  readonly records: Pick<NodeRecords, "keepPresences" | "presences">;
  /** Gives the records to store now. */
  readonly current: () => readonly NodePresence[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Interval between checks for changes. */
const KEEP_INTERVAL_MS = 15_000;
/** Age at which a stored sign of life is renewed when nothing else changed. */
const SEEN_STEP_MS = 300_000;

/** Stores the records until it is stopped. */
export class PresenceKeeper {
  readonly #options: PresenceKeeperOptions;
  readonly #troubleLog: TroubleLog;
  #kept: readonly NodePresence[];

  /**
   * @param options See {@link PresenceKeeperOptions}.
   * @param kept The records in the store.
   */
  constructor(
    options: PresenceKeeperOptions,
    kept: readonly NodePresence[],
  ) {
    this.#options = options;
    this.#kept = kept;
    const { log, clock } = options;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "who was there can't be kept, and is tried again",
      over: "who was there is kept again",
    });
  }

  /**
   * Stores changes until aborted, and once more at the end.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (true) {
        await clock.delay(KEEP_INTERVAL_MS, signal);
        await this.#keep(SEEN_STEP_MS);
      }
    } finally {
      await this.#keep(0);
      this.#troubleLog.flush();
    }
  }

  async #keep(stepMs: number): Promise<void> {
    const current = this.#options.current();
    if (!differs(this.#kept, current, stepMs)) return;
    try {
      await this.#options.records.keepPresences(current);
      this.#kept = current;
      this.#troubleLog.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubleLog.report(error.message);
    }
  }
}

/**
 * Whether anything changed, or a sign of life is newer by more than the step.
 */
function differs(
  kept: readonly NodePresence[],
  current: readonly NodePresence[],
  stepMs: number,
): boolean {
  if (kept.length !== current.length) return true;
  const before = new Map(
    kept.map((each) => [`${each.role} ${each.node}`, each]),
  );
  return current.some((now) => {
    const then = before.get(`${now.role} ${now.node}`);
    return then === undefined || then.version !== now.version ||
      then.isAway !== now.isAway || now.seenMs - then.seenMs > stepMs;
  });
}
