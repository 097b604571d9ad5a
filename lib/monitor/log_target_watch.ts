/**
 * Asks fail2ban whether it logs bans at all, and to the log that is followed.
 * A reload may change both.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Fail2banInfo } from "../fail2ban/fail2ban_info.ts";
import type { Log } from "../log/log.ts";
import type { LogFormat } from "../fail2ban/log_format.ts";

/** What is asked with. */
export interface LogTargetWatchOptions {
  /** The fail2ban that is asked. */
  readonly fail2ban: Fail2banInfo;
  /** The log that is followed. */
  readonly logPath: string;
  /** How its lines begin. */
  readonly logFormat: LogFormat;
  /** The file that a path leads to, whatever links there are; the path itself where there is none. */
  readonly realPath: (path: string) => Promise<string>;
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
}

/** Interval between questions, in milliseconds. */
const ASK_INTERVAL_MS = 60_000;
/** fail2ban logs bans at NOTICE. */
const SILENT_LEVELS: readonly string[] = ["CRITICAL", "ERROR", "WARNING"];

const OUTPUT: readonly LogFormat[] = [
  "sysout",
  "journal-json",
  "docker-json",
  "container",
];
/** How lines may begin, by where fail2ban sends them. */
const FORMATS_OF: Readonly<Record<string, readonly LogFormat[]>> = {
  "SYSLOG": ["syslog", "journal-json"],
  "SYSTEMD-JOURNAL": ["journal", "journal-json"],
  "SYSOUT": OUTPUT,
  "STDOUT": OUTPUT,
  "STDERR": OUTPUT,
};

/** Asks until stopped, and tells what is wrong once. */
export class LogTargetWatch {
  readonly #options: LogTargetWatchOptions;
  #state = "not asked";
  #told: string | undefined;

  /** @param options What is asked with. */
  constructor(options: LogTargetWatchOptions) {
    this.#options = options;
  }

  /** What fail2ban said: `as configured`, what is wrong, or that it can't be asked. */
  get state(): string {
    return this.#state;
  }

  /** Why its bans don't come to the log; `undefined`: they do, or it could not be asked yet. */
  get trouble(): string | undefined {
    return this.#told;
  }

  /** Asks until aborted. */
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
 * Judges where a fail2ban logs to.
 *
 * @param target Where, in its own words.
 * @param level From which level on, likewise.
 * @param followed What is followed.
 * @returns Why its bans don't come there, in half a sentence; `undefined`: they do.
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
