/**
 * Stands in for `@std/log/logger` where JSR can't be reached, for the part of
 * it that this project uses: messages are text.
 *
 * @see {@link https://jsr.io/@std/log/doc/logger | @std/log/logger}
 * @module
 */

import type { BaseHandler } from "./base_handler.ts";
import {
  getLevelByName,
  type LevelName,
  type LogLevel,
  LogLevels,
} from "./levels.ts";
import { LogRecord } from "./log_record.ts";

export { LogRecord, type LogRecordOptions } from "./log_record.ts";

/** What a logger may be given. */
export interface LoggerOptions {
  /** Who takes the records. @default {[]} */
  handlers?: BaseHandler[];
}

/** Gives records to its handlers, from its level upwards. */
export class Logger {
  /** Who takes the records. */
  handlers: BaseHandler[];
  readonly #name: string;
  readonly #level: LogLevel;

  /**
   * @param loggerName Stands in every record.
   * @param levelName The least level that is logged.
   * @param options Who takes the records.
   */
  constructor(
    loggerName: string,
    levelName: LevelName,
    options: LoggerOptions = {},
  ) {
    this.#name = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  /** The least level that is logged. */
  get level(): LogLevel {
    return this.#level;
  }

  /** The name that stands in every record. */
  get loggerName(): string {
    return this.#name;
  }

  /** Logs at the level of its name, as do the methods below. */
  debug(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.DEBUG, msg, args);
  }

  info(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.INFO, msg, args);
  }

  warn(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.WARN, msg, args);
  }

  error(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.ERROR, msg, args);
  }

  critical(msg: string, ...args: unknown[]): string {
    return this.#log(LogLevels.CRITICAL, msg, args);
  }

  #log(level: LogLevel, msg: string, args: unknown[]): string {
    if (this.level > level) return msg;
    const loggerName = this.#name;
    const record = new LogRecord({ msg, args, level, loggerName });
    for (const handler of this.handlers) handler.handle(record);
    return msg;
  }
}
