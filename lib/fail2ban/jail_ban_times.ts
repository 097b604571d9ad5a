/**
 * Caches the ban times of fail2ban's jails.
 *
 * @module
 */

import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { JailTimes } from "./ports.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Fail2banInfo } from "./fail2ban_info.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";

/** Options for {@link JailBanTimes}. */
export interface JailBanTimesOptions {
  /** The fail2ban to ask. */
  readonly fail2ban: Fail2banInfo;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** Maximum age of an answer. */
const MAX_AGE_MS = 60_000;
/** Maximum age of a failed request. */
const FAILURE_MAX_AGE_MS = 10_000;
/** Maximum number of cached jails; above it all are forgotten. */
const MAX_JAILS = 1_000;

/** {@link JailTimes} of a fail2ban; answers are cached for a minute. */
export class JailBanTimes implements JailTimes {
  readonly #options: JailBanTimesOptions;
  readonly #troubleLog: TroubleLog;
  readonly #known = new Map<
    JailName,
    { ms: number | undefined; untilMs: number }
  >();
  #silentUntilMs = -Infinity;

  /** @param options See {@link JailBanTimesOptions}. */
  constructor(options: JailBanTimesOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#troubleLog = new TroubleLog({
      ...{ log, clock },
      trouble: "can't ask fail2ban for its ban times",
      over: "fail2ban tells its ban times again",
    });
  }

  async banTimeMs(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#known.get(jail);
    if (known !== undefined && known.untilMs > nowMs) return known.ms;
    if (nowMs < this.#silentUntilMs) return known?.ms;
    try {
      const ms = await this.#options.fail2ban.banTimeIn(jail, signal);
      this.#troubleLog.resolve();
      if (this.#known.size >= MAX_JAILS) this.#known.clear();
      const maxAgeMs = ms === undefined ? FAILURE_MAX_AGE_MS : MAX_AGE_MS;
      this.#known.set(jail, { ms, untilMs: nowMs + maxAgeMs });
      return ms;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubleLog.report(error.message);
      this.#silentUntilMs = nowMs + FAILURE_MAX_AGE_MS;
      return known?.ms;
    }
  }
}
