/**
 * Stores the reported bans once the publisher has answered them. If they were
 * stored earlier and then lost, the next run would take them for reported.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { ReportLink } from "./report_link.ts";
import type { KnownBans, ReportedBans } from "./reported_bans.ts";
import type { ReportedBansStore } from "./reported_bans_store.ts";

/** Options for {@link ReportedBansKeeper}. */
export interface ReportedBansKeeperOptions {
  /** The reported bans. */
  readonly known: ReportedBans;
  /** Keeps them from one run to the next. */
  readonly store: ReportedBansStore;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** Minimum interval between stores, in milliseconds. */
const STORE_EVERY_MS = 15_000;

/** Reported bans to store once the link has settled enough reports. */
interface Mark {
  readonly afterSettled: number;
  readonly version: number;
  readonly known: KnownBans;
}

/** Keeps the reported bans from one run to the next. */
export class ReportedBansKeeper {
  readonly #options: ReportedBansKeeperOptions;
  readonly #troubleLog: TroubleLog;
  #mark: Mark | undefined;
  #storedVersion = 0;

  /** @param options See {@link ReportedBansKeeperOptions}. */
  constructor(options: ReportedBansKeeperOptions) {
    const { log, clock } = options;
    this.#options = options;
    this.#troubleLog = new TroubleLog({
      ...{ log, clock },
      trouble: "what was reported can't be stored, and is tried again",
      over: "what was reported is stored again",
    });
  }

  /**
   * Stores until aborted.
   *
   * @param link The link whose answers are waited for.
   * @param signal Ends it.
   */
  async run(link: ReportLink, signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(STORE_EVERY_MS, signal);
      const mark = this.#look(link);
      if (mark === undefined) continue;
      await link.waitSettled(mark.afterSettled, signal);
      await this.#store(mark);
    }
  }

  /** Stores for the last time whatever may be stored. */
  async finish(link: ReportLink): Promise<void> {
    const isSettled = link.settled >= link.counters.submitted;
    const mark = isSettled ? this.#look(link) : this.#mark;
    if (mark === undefined || link.settled < mark.afterSettled) return;
    await this.#store(mark);
  }

  /** @returns What has to be stored; `undefined`: nothing has changed. */
  #look(link: ReportLink): Mark | undefined {
    const { known } = this.#options;
    const { version } = known;
    if (version === this.#storedVersion) return undefined;
    const afterSettled = link.counters.submitted;
    const { epoch, isSeeded } = known;
    const all = { epoch, isSeeded, bans: [...known.values()] };
    this.#mark = { afterSettled, version, known: all };
    return this.#mark;
  }

  async #store(mark: Mark): Promise<void> {
    try {
      await this.#options.store.save(mark.known);
      this.#storedVersion = mark.version;
      this.#mark = undefined;
      this.#troubleLog.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubleLog.report(error.message);
    }
  }
}
