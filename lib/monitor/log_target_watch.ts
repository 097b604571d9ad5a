/**
 * Checks whether fail2ban logs bans at all, and to the followed log. A reload
 * may change both.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Fail2banInfo } from "../fail2ban/fail2ban_info.ts";
import type { Log } from "../log/log.ts";
import type { LogFormat } from "../fail2ban/log_format.ts";

/** Options for {@link LogTargetWatch}. */
export interface LogTargetWatchOptions {
  /** The fail2ban to ask. */
  readonly fail2ban: Fail2banInfo;
  /** The followed log. */
  readonly logPath: string;
  /** How its lines begin. */
  readonly logFormat: LogFormat;
  /** Resolves links; returns the path itself if there is no such file. */
  readonly realPath: (path: string) => Promise<string>;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** Interval between checks, in milliseconds. */
const ASK_INTERVAL_MS = 60_000;
/** fail2ban logs bans at level NOTICE. */
const SILENT_LEVELS: readonly string[] = ["CRITICAL", "ERROR", "WARNING"];

const OUTPUT: readonly LogFormat[] = [
  "sysout",
  "journal-json",
  "docker-json",
  "container",
];
/** The possible line formats for each log target of fail2ban. */
const FORMATS_OF: Readonly<Record<string, readonly LogFormat[]>> = {
  "SYSLOG": ["syslog", "journal-json"],
  "SYSTEMD-JOURNAL": ["journal", "journal-json"],
  "SYSOUT": OUTPUT,
  "STDOUT": OUTPUT,
  "STDERR": OUTPUT,
};

/** Checks until stopped, and logs each problem once. */
export class LogTargetWatch {
  readonly #options: LogTargetWatchOptions;
  #state = "not asked";
  #told: string | undefined;

  /** @param options See {@link LogTargetWatchOptions}. */
  constructor(options: LogTargetWatchOptions) {
    this.#options = options;
  }

  /**
   * The last result: `as configured`, the problem, or that fail2ban can't be
   * asked.
   */
  get state(): string {
    return this.#state;
  }

  /**
   * Why its bans don't reach the log; `undefined`: they do, or this is not
   * known yet.
   */
  get trouble(): string | undefined {
    return this.#told;
  }

  /** Checks until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#ask(signal);
      await this.#options.clock.delay(ASK_INTERVAL_MS, signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { fail2ban, log } = this.#options;
    try {
      const { target, level } = await fail2ban.logging(signal);
      const wrong = await this.#wrongWith(target, level);
      this.#state = wrong ?? "as configured";
      if (wrong === this.#told) return;
      if (wrong === undefined) {
        log.record(
          "notice",
          "fail2ban logs its bans to the log that is followed",
        );
      } else {
        log.record("error", "fail2ban's bans do not come to the log", {
          reason: wrong,
        });
      }
      this.#told = wrong;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#state = "can't be asked";
    }
  }

  async #wrongWith(
    target: string,
    level: string,
  ): Promise<string | undefined> {
    return await logTargetTrouble(target, level, this.#options);
  }
}

/**
 * Judges fail2ban's log target.
 *
 * @param target The target, in fail2ban's words.
 * @param level The log level, likewise.
 * @param followed What is followed.
 * @returns Why its bans don't reach the log, in half a sentence; `undefined`:
 * they do.
 */
export async function logTargetTrouble(
  target: string,
  level: string,
  { logPath, logFormat, realPath }: Pick<
    LogTargetWatchOptions,
    "logPath" | "logFormat" | "realPath"
  >,
): Promise<string | undefined> {
  if (SILENT_LEVELS.includes(level.toUpperCase())) {
    return `its loglevel is ${level}, which leaves bans out; NOTICE or INFO has them`;
  }
  const [, path = target] = /^(.*?)\[.*\]$/.exec(target) ?? [];
  const formats = path.startsWith("/") ? ["file"] : FORMATS_OF[path];
  if (formats?.includes(logFormat) === false) {
    return `its logtarget is ${path}, and logformat is ${logFormat}`;
  }
  if (!path.startsWith("/")) return undefined;
  return await realPath(path) === await realPath(logPath)
    ? undefined
    : `its logtarget is ${path}, and ${logPath} is followed`;
}
