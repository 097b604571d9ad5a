/**
 * Stores the place in the log once all that was reported before it is done with.
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
  /** Whose reports are waited for. */
  readonly link: ReportLink;
  readonly positions: PositionStore;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** Store nothing. */
  readonly dryRun: boolean;
}

/** The place is stored at most this often. */
const STORE_EVERY_MS = 1_000;

/** Interval between attempts to store a place that could not be stored. */
const AGAIN_EVERY_MS = 10_000;

/** A place that may be stored once the link has settled so many reports. */
interface Mark {
  readonly afterSettled: number;
  readonly position: LogPosition;
}

/**
 * Keeps the place. A newer one replaces one that is not stored yet; a disk that
 * takes none holds nothing back: after a restart more is read again.
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

  /** Why the place can't be stored; `undefined`: it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The place is to be stored once all that is submitted by now is settled. */
  move(position: LogPosition): void {
    if (this.#mark === undefined && isSame(position, this.#stored)) return;
    const afterSettled = this.#options.link.counters.submitted;
    this.#mark = { afterSettled, position };
    this.#changed.notify();
  }

  /** Stores places until aborted. */
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

  /** Stores the last place if that may be. */
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
