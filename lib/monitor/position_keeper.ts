/**
 * Stores the log position once all reports before it are settled.
 *
 * @module
 */

import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { LogPosition, PositionStore } from "../tail/ports.ts";
import type { ReportLink } from "./report_link.ts";
import { Condition } from "../async/tasks.ts";

/** Options for {@link PositionKeeper}. */
export interface PositionKeeperOptions {
  /** The link whose reports are waited for. */
  readonly link: ReportLink;
  readonly positions: PositionStore;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** Whether nothing is stored. */
  readonly dryRun: boolean;
}

/** Minimum interval between stores. */
const STORE_EVERY_MS = 1_000;

/** Interval between attempts after a failed store. */
const AGAIN_EVERY_MS = 10_000;

/** A position that may be stored once the link has settled enough reports. */
interface Mark {
  readonly afterSettled: number;
  readonly position: LogPosition;
}

/**
 * Keeps the position. A newer one replaces one that is not stored yet. A failed
 * store delays nothing: after a restart more of the log is read again.
 */
export class PositionKeeper {
  readonly #options: PositionKeeperOptions;
  readonly #changed = new Condition();
  readonly #troubleLog: TroubleLog;
  #mark: Mark | undefined;
  #stored: LogPosition | undefined;
  #trouble: string | undefined;

  /** @param options See {@link PositionKeeperOptions}. */
  constructor(options: PositionKeeperOptions) {
    this.#options = options;
    this.#troubleLog = new TroubleLog({
      log: options.log,
      clock: options.clock,
      trouble: "the place in the log can't be stored, and is tried again",
      over: "the place in the log is stored again",
    });
  }

  /** Why the position can't be stored; `undefined`: it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Stores the position once all reports submitted so far are settled. */
  move(position: LogPosition): void {
    if (this.#mark === undefined && isSame(position, this.#stored)) return;
    const afterSettled = this.#options.link.counters.submitted;
    this.#mark = { afterSettled, position };
    this.#changed.notify();
  }

  /** Stores positions until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, link } = this.#options;
    while (true) {
      const mark = this.#mark;
      if (mark === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      await link.waitSettled(mark.afterSettled, signal);
      await this.#store(mark);
      const isStored = this.#trouble === undefined;
      await clock.delay(isStored ? STORE_EVERY_MS : AGAIN_EVERY_MS, signal);
    }
  }

  /** Stores the last position if it may be stored. */
  async finish(): Promise<void> {
    const mark = this.#mark;
    if (mark !== undefined && this.#options.link.settled >= mark.afterSettled) {
      await this.#store(mark);
    }
    this.#troubleLog.flush();
  }

  async #store(mark: Mark): Promise<void> {
    const { positions, dryRun } = this.#options;
    if (this.#mark === mark) this.#mark = undefined;
    if (dryRun) return;
    try {
      await positions.save(mark.position);
      this.#stored = mark.position;
      this.#trouble = undefined;
      this.#troubleLog.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#mark ??= mark;
      this.#trouble = error.message;
      this.#troubleLog.report(error.message);
    }
  }
}

function isSame(place: LogPosition, other: LogPosition | undefined): boolean {
  return other !== undefined && place.inode === other.inode &&
    place.device === other.device && place.offsetBytes === other.offsetBytes &&
    place.fingerprint === other.fingerprint &&
    place.importing === other.importing &&
    place.behindMs === other.behindMs && place.rotations === other.rotations;
}
