/**
 * Keeps in the store which programs were there, so that a publisher that is
 * started anew says of each what it was.
 *
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
  /** What is to be kept now. */
  readonly current: () => readonly NodePresence[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Interval between looks for what changed. */
const KEEP_INTERVAL_MS = 15_000;
/** A program that is only seen again is kept anew when what is kept is so old. */
const SEEN_STEP_MS = 300_000;

/** Keeps until it is stopped. */
export class PresenceKeeper {
  readonly #options: PresenceKeeperOptions;
  readonly #troubleLog: TroubleLog;
  #kept: readonly NodePresence[];

  /**
   * @param options See {@link PresenceKeeperOptions}.
   * @param kept What the store has.
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
   * Keeps until aborted, and once more then.
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

/** Whether anything changed but how lately programs were seen, or that by more than a step. */
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
