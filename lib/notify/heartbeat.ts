/**
 * Requests a URL every minute while the program is healthy. The receiver raises
 * the alarm when the requests stop, so it also notices a dead host.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HttpTarget } from "../http/http_target.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { HttpAsker } from "./ports.ts";

/** Options for {@link Heartbeat}. */
export interface HeartbeatOptions {
  readonly target: HttpTarget;
  readonly asker: HttpAsker;
  /** Whether nothing is wrong. */
  readonly isHealthy: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Interval between heartbeats, and before the first one: a program that keeps
 * crashing sends none.
 */
export const HEARTBEAT_INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** The heartbeat of a program. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #troubles: TroubleLog;
  #sent = 0;
  #failed = 0;

  /** @param options See {@link HeartbeatOptions}. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#troubles = new TroubleLog({
      ...{ log, clock },
      trouble: "no heartbeat: its receiver can't be reached",
      over: "the heartbeat's receiver is reached again",
    });
  }

  /** Number of heartbeats that arrived, and that failed. */
  get counters(): { readonly ok: number; readonly failed: number } {
    return { ok: this.#sent, failed: this.#failed };
  }

  /** Sends heartbeats until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, isHealthy } = this.#options;
    while (true) {
      await clock.delay(HEARTBEAT_INTERVAL_MS, signal);
      if (isHealthy()) await this.#ask(signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { target, asker } = this.#options;
    try {
      await asker.ask({ target, timeoutMs: TIMEOUT_MS }, signal);
      this.#sent++;
      this.#troubles.resolve();
    } catch (error) {
      if (signal.aborted || !(error instanceof RuntimeError)) throw error;
      this.#failed++;
      const { message, hint } = error;
      this.#troubles.report(message, { hint });
    }
  }
}
