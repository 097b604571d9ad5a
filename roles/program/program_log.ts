/**
 * Assembles a program's log.
 *
 * @module
 */

import type { CommandOptions } from "../../lib/cli/cli.ts";
import type { GeneralConfig, LogTarget } from "../../lib/config/config.ts";
import {
  FileWriter,
  type LineWriter,
  StderrWriter,
  SyslogWriter,
} from "../../lib/log/io/line_writers.ts";
import { StdLog } from "../../lib/log/io/std_log.ts";
import { UnixDatagrams } from "../../lib/log/io/unix_datagrams.ts";
import {
  isoPrefix,
  journalPrefix,
  type LinePrefix,
  type LogSource,
  noPrefix,
  syslogDatagramPrefix,
  syslogFilePrefix,
} from "../../lib/log/line_prefix.ts";
import { LineQueue } from "../../lib/log/line_queue.ts";
import type { LineSink } from "../../lib/log/line_sink.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { PrefixedSink } from "../../lib/log/prefixed_sink.ts";
import { sayOnStderr } from "./said.ts";

/** Options for {@link ProgramLog}. */
export interface ProgramLogOptions {
  readonly source: LogSource;
  readonly general: GeneralConfig;
  readonly options: CommandOptions;
  /** Whether the program has left its terminal. */
  readonly isDetached: boolean;
  /** Whether the journal reads standard error. */
  readonly isJournal: boolean;
  /**
   * Whether another role shares the process, and so its name in the journal.
   */
  readonly isShared: boolean;
  /** Texts that are masked in every line; the list may grow. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
}

/** Maximum number of lines that wait for a slow target. */
const MAX_LINES = 10_000;
/**
 * A write costs more than making its line: ten a second are enough where there
 * are many lines. A kill loses the lines of that time, but no warning.
 */
const GATHER_MS = 100;

/** A program's own log, and its output of lines for other programs. */
export class ProgramLog implements AsyncDisposable {
  /** The program's own log. */
  readonly log: Log;
  /** Receives lines in the format of a syslog daemon. */
  readonly messages: LineSink;
  readonly #writer: LineWriter;
  readonly #queue: LineQueue;

  /** @param options See {@link ProgramLogOptions}. */
  constructor(options: ProgramLogOptions) {
    const { source, general, clock, secrets } = options;
    const target = general.logTarget ??
      { kind: options.isDetached ? "syslog" : "stderr" };
    this.#writer = openWriter(target);
    this.#queue = new LineQueue({
      target: this.#writer.target,
      deliver: this.#writer.deliver,
      maxLinesAtOnce: this.#writer.linesAtOnce,
      gatherMs: GATHER_MS,
      clock,
      complain: (sentence) => complain(source, target, sentence),
      maxLines: MAX_LINES,
    });
    this.log = new StdLog({
      source,
      level: options.options.logLevel ?? general.logLevel,
      format: options.options.logFormat,
      secrets,
      sink: new PrefixedSink(
        this.#queue,
        ownPrefixFor(target, options),
      ),
    });
    this.messages = new PrefixedSink(
      this.#queue,
      prefixFor(target, options, syslogFilePrefix(source, general.hostName)),
    );
  }

  /** Number of lines that could not be written. */
  get lostLines(): number {
    return this.#queue.dropped;
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    const { waiting, dropped, lastReason } = this.#queue;
    return {
      "log.waiting": waiting,
      "log.lost": dropped,
      ...(lastReason === undefined ? {} : { "log.lastReason": lastReason }),
    };
  }

  /**
   * Checks whether the lines so far could be written.
   *
   * @param signal Ends the wait.
   * @returns The reason if they could not.
   */
  async probe(signal: AbortSignal): Promise<string | undefined> {
    return await this.#queue.probe(signal);
  }

  /**
   * Waits for a bug in the writing of lines.
   *
   * @param signal Ends the wait.
   * @throws the bug, and the signal's reason on abort.
   */
  async failed(signal: AbortSignal): Promise<never> {
    return await this.#queue.failed(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    await this.#writer[Symbol.asyncDispose]();
  }
}

/** The prefix of the program's own log. */
function ownPrefixFor(
  target: LogTarget,
  options: ProgramLogOptions,
): LinePrefix {
  const prefix = prefixFor(target, options, ownPrefix(options));
  const isNamed = prefix !== journalPrefix || !options.isShared ||
    options.options.logFormat === "json";
  return isNamed ? prefix : (line) => `${prefix(line)}${options.source.name}: `;
}

/**
 * Syslog and the journal add their own prefix; elsewhere a line needs a
 * complete one.
 */
function prefixFor(
  target: LogTarget,
  { source, general, isJournal }: ProgramLogOptions,
  complete: LinePrefix,
): LinePrefix {
  switch (target.kind) {
    case "syslog":
      return syslogDatagramPrefix(source, general.syslogFacility);
    case "stderr":
      return isJournal ? journalPrefix : complete;
    case "file":
      return complete;
  }
}

function ownPrefix({ source, options }: ProgramLogOptions): LinePrefix {
  return options.logFormat === "json" ? noPrefix : isoPrefix(source);
}

function openWriter(target: LogTarget): LineWriter {
  switch (target.kind) {
    case "stderr":
      return new StderrWriter();
    case "syslog":
      return new SyslogWriter(new UnixDatagrams());
    case "file":
      return new FileWriter(target.path);
  }
}

/**
 * Reports a log that can't be written on standard error, unless that is the log
 * itself.
 */
function complain(
  source: LogSource,
  target: LogTarget,
  sentence: string,
): void {
  if (target.kind === "stderr") return;
  sayOnStderr(source.name, "warning", [sentence]);
}
