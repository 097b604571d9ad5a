/**
 * The program's own log on top of `@std/log`. Nothing else imports it.
 *
 * @module
 */

import { BaseHandler } from "@std/log/base-handler";
import type { LevelName } from "@std/log/levels";
import { Logger, type LogRecord as StdRecord } from "@std/log/logger";
import type { LogSource } from "../line_prefix.ts";
import type { LineSink } from "../line_sink.ts";
import {
  isLogged,
  type LogRecord,
  type RecordFormat,
  renderJson,
  renderText,
} from "../log_record.ts";
import { maskRecord } from "../mask_secrets.ts";
import type { Log, LogFields, Severity } from "../log.ts";

/** Options for {@link StdLog}. */
export interface StdLogOptions {
  /** The program. */
  readonly source: LogSource;
  /** The lowest severity that is logged. */
  readonly level: Severity;
  /** The form of the records. */
  readonly format: RecordFormat;
  /** Secrets to be masked; the list may grow. */
  readonly secrets: readonly string[];
  /** Receives the lines. */
  readonly sink: LineSink;
}

/** `@std/log` has no NOTICE. */
const METHODS: Readonly<Record<Severity, Lowercase<LevelName>>> = {
  critical: "critical",
  error: "error",
  warning: "warn",
  notice: "info",
  info: "info",
  debug: "debug",
};

/** The {@link Log} of a program. */
export class StdLog implements Log {
  readonly #level: Severity;
  readonly #logger: Logger;

  /** @param options See {@link StdLogOptions}. */
  constructor(options: StdLogOptions) {
    this.#level = options.level;
    this.#logger = new Logger(options.source.name, "DEBUG", {
      handlers: [new SinkHandler(options)],
    });
  }

  record(severity: Severity, event: string, fields: LogFields = {}): void {
    if (!isLogged(severity, this.#level)) return;
    const method = METHODS[severity];
    if (method === "notset") return;
    this.#logger[method](event, { severity, fields });
  }
}

class SinkHandler extends BaseHandler {
  readonly #options: StdLogOptions;

  constructor(options: StdLogOptions) {
    super("DEBUG");
    this.#options = options;
  }

  override handle(stdRecord: StdRecord): void {
    const { source, format, secrets, sink } = this.#options;
    const [details] = stdRecord.args as [
      Pick<LogRecord, "severity" | "fields">,
    ];
    const atMs = stdRecord.datetime.getTime();
    const record = maskRecord(
      { ...details, event: stdRecord.msg, atMs },
      secrets,
    );
    const text = format === "json"
      ? renderJson(record, source)
      : renderText(record);
    sink.write({ severity: details.severity, atMs, text });
  }

  override log(msg: string): void {
    throw new Error(`Cannot log ${msg}: records come through handle`);
  }
}
