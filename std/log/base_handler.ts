/**
 * Stands in for `@std/log/base-handler` where JSR can't be reached, for the
 * part of it that this project uses.
 *
 * @see {@link https://jsr.io/@std/log/doc/base-handler | @std/log/base-handler}
 * @module
 */

import { getLevelByName, type LevelName, type LogLevel } from "./levels.ts";
import type { LogRecord } from "./log_record.ts";

/** Renders a record. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** What a handler may be given. */
export interface BaseHandlerOptions {
  /** Renders a record. @default the level's name and the message */
  formatter?: FormatterFunction;
}

const DEFAULT_FORMATTER: FormatterFunction = ({ levelName, msg }) =>
  `${levelName} ${msg}`;

/** Takes the records of a logger, from its level upwards. */
export abstract class BaseHandler {
  readonly #level: LogLevel;
  /** Renders a record. */
  formatter: FormatterFunction;

  /**
   * @param levelName The least level that is taken.
   * @param options How records are rendered.
   */
  constructor(levelName: LevelName, options: BaseHandlerOptions = {}) {
    this.#level = getLevelByName(levelName);
    this.formatter = options.formatter ?? DEFAULT_FORMATTER;
  }

  /** The least level that is taken. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Takes a record. */
  handle(logRecord: LogRecord): void {
    if (this.level > logRecord.level) return;
    this.log(this.format(logRecord));
  }

  /** Renders a record. */
  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /** Writes a rendered record. */
  abstract log(msg: string): void;
}
