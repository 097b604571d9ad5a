/**
 * Reads the lines of fail2ban's log, which come in pieces of whole lines.
 *
 * @module
 */

import {
  isRecordFormat,
  type LineFormat,
  type LogFormat,
  type RecordFormat,
} from "./log_format.ts";
import {
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
  parseText,
  refuseUnknown,
} from "./log_line.ts";
import { isForeign, LINE_BEGINNINGS, unfolded } from "./log_prefix.ts";
import { type LogRecord, readRecord } from "./log_record.ts";

/** Position of the logger's name in a line of the form `file`. */
const LOGGER_AT = "2026-11-22 14:14:55,029 ".length;
const LOGGER = "fail2ban.";
const LOGGER_CODES = new TextEncoder().encode(LOGGER);
const [DIGIT_AT, DOT_AT] = [LOGGER.indexOf("2"), LOGGER.indexOf(".")] as const;
const LF = 0x0a;
/** First letters of the relevant loggers: actions, observer, server, jail. */
const [A, O, S, J] = [0x61, 0x6f, 0x73, 0x6a] as const;
/** Every relevant line of actions and observer contains one of these. */
const TELLING_WORDS = ["Ban ", "Unban ", "ERROR"] as const;
/**
 * Number of bytes converted to text at once, in whole lines. V8 maps and unmaps
 * memory for each text of 128 KiB or more, which costs as much as reading it.
 */
const PIECE_BYTES = 61_440;
/** A report of a ban in a line that is not fail2ban's. */
const HAS_BAN = /\] (?:Ban|Unban|Restore Ban) [0-9a-f]{0,4}[.:][0-9a-f.:]{2,}/;
/**
 * Maximum number of outputs with a cut line; above it the oldest counts as
 * ended.
 */
const MAX_CUT_STREAMS = 100;
/**
 * Invalid UTF-8 and byte order marks become characters that are not ASCII and
 * match nothing.
 */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** An event and the position of its line. */
export interface LocatedEvent {
  /** The event. */
  readonly event: LogEvent;
  /** Start of the line, in bytes from the start of the input. */
  readonly startBytes: number;
  /**
   * The beginning of the line: at most one character more than
   * {@link MAX_EVENT_LINE_LENGTH}. In a record: the line that it contains, with
   * the record's stamp if it has one.
   */
  readonly line: string;
}

/** Counts lines by whether they have the configured format. */
export interface LineTally {
  /** Counts a line with the format. */
  understood(): void;
  /**
   * Counts a line with another format.
   *
   * @param line Its beginning.
   * @param hasBan Whether it seems to report a ban.
   */
  unknown(line: string, hasBan: boolean): void;
}

/** An event and its line. */
export type ReadLine = Omit<LocatedEvent, "startBytes">;

/**
 * Reads the lines of one log, piece by piece.
 *
 * @example
 * ```ts
 * import { LogScanner } from "./log_scanner.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const scanner = new LogScanner("sysout");
 * const log = "fail2ban.filter [12067]: INFO    [sshd] Found 192.0.2.1\n" +
 *   "fail2ban.actions [12067]: NOTICE  [sshd] Ban 192.0.2.1\n";
 * deepStrictEqual([...scanner.scan(new TextEncoder().encode(log))], [{
 *   event: { kind: "ban", jail: "sshd", address: "192.0.2.1" },
 *   startBytes: 56,
 *   line: "fail2ban.actions [12067]: NOTICE  [sshd] Ban 192.0.2.1",
 * }]);
 * ```
 */
export class LogScanner {
  readonly #lines:
    | { readonly kind: "records"; readonly format: RecordFormat }
    | { readonly kind: "lines"; readonly format: LineFormat };
  readonly #tally: LineTally | undefined;
  /** Outputs whose next record continues a line. */
  readonly #cut = new Set<string>();
  #endsInCut = false;

  /**
   * @param format How the lines begin.
   * @param tally Counts all lines.
   */
  constructor(format: LogFormat, tally?: LineTally) {
    this.#lines = isRecordFormat(format)
      ? { kind: "records", format }
      : { kind: "lines", format };
    this.#tally = tally;
  }

  /**
   * Whether the input so far ends within a line: a reader that started here
   * would take the rest for a line.
   */
  get endsInCut(): boolean {
    return this.#endsInCut;
  }

  /**
   * Reads the events of the next lines; most lines have none.
   *
   * @param bytes Lines, each ending in 0x0A.
   */
  *scan(bytes: Uint8Array): Generator<LocatedEvent, void, undefined> {
    for (let at = 0; at < bytes.length;) {
      const end = pieceEnd(bytes, at);
      yield* this.#scanPiece(bytes.subarray(at, end), at);
      at = end;
    }
  }

  *#scanPiece(
    bytes: Uint8Array,
    pieceAt: number,
  ): Generator<LocatedEvent, void, undefined> {
    // In UTF-8, byte 0x0A is always LF: lines of text are lines of bytes.
    const text = DECODER.decode(bytes);
    const words = new WordsAhead(text, TELLING_WORDS);
    // Each character takes at least one byte: with equal lengths each takes
    // exactly one.
    const isOneToOne = text.length === bytes.length;
    let start = 0;
    let startBytes = 0;
    while (true) {
      const end = text.indexOf("\n", start);
      if (end === -1) return;
      const read = this.#read(words, start, end);
      if (read !== undefined) {
        const { event, line } = read;
        const inPiece = isOneToOne ? start : startBytes;
        yield { event, startBytes: pieceAt + inPiece, line };
      }
      start = end + 1;
      if (!isOneToOne) startBytes = bytes.indexOf(LF, startBytes) + 1;
    }
  }

  /**
   * Reads the event of the next line.
   *
   * @param line The line without its 0x0A.
   */
  read(line: Uint8Array): ReadLine | undefined {
    const text = DECODER.decode(line);
    const words = new WordsAhead(text, TELLING_WORDS);
    return this.#read(words, 0, text.length);
  }

  #read(words: WordsAhead, start: number, end: number): ReadLine | undefined {
    const lines = this.#lines;
    const { text } = words;
    const from = textStart(text, start, end);
    if (lines.kind === "records") {
      return this.#readRecord(text.slice(from, end), lines.format);
    }
    if (lines.format !== "file" || maySay(words, from, end)) {
      return this.#readLine(headOf(text, from, end), lines.format);
    }
    this.#tally?.understood();
    return undefined;
  }

  #readLine(head: string, format: LineFormat): ReadLine | undefined {
    const line = ownText(format === "file" ? head : unfolded(head));
    if (isForeign(line, format)) return undefined;
    const event = parseText(line, format);
    // A line with an event has the format, or it would be refused.
    const isUnderstood = (event !== undefined && event.kind !== "refused") ||
      LINE_BEGINNINGS[format].test(line);
    if (isUnderstood) this.#tally?.understood();
    else if (line !== "") this.#tally?.unknown(line, HAS_BAN.test(line));
    return event && { event, line };
  }

  #readRecord(text: string, format: RecordFormat): ReadLine | undefined {
    const { content, stream, isCut } = readRecord(text, format);
    const goesOn = this.#cut.delete(stream);
    if (isCut) this.#noteCut(stream);
    this.#endsInCut = isCut;
    if (goesOn || text === "") return undefined;
    const head = ownText(headOf(text, 0, text.length));
    switch (content.kind) {
      case "line":
        return this.#readLine(
          headOf(content.text, 0, content.text.length),
          content.format,
        );
      case "foreign":
        // fail2ban's unit or program may have another name than the expected
        // one.
        if (HAS_BAN.test(text)) this.#tally?.unknown(head, true);
        return undefined;
      case "unknown": {
        this.#tally?.unknown(head, HAS_BAN.test(text));
        const event = refuseUnknown(head);
        return event && { event, line: head };
      }
    }
  }

  #noteCut(stream: LogRecord["stream"]): void {
    this.#cut.add(stream);
    if (this.#cut.size <= MAX_CUT_STREAMS) return;
    const [oldest] = this.#cut;
    if (oldest !== undefined) this.#cut.delete(oldest);
  }
}

/**
 * Reads whole lines.
 *
 * @param bytes Lines, each ending in 0x0A.
 * @param format The form of the lines' prefix.
 * @returns Their events, in order; most lines have none.
 *
 * @example
 * ```ts
 * import { scanLines } from "./log_scanner.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const log = "2026-11-22 14:13:02,659 fail2ban.filter         [12067]: INFO    [sshd] Found 192.0.2.1\n" +
 *   "2026-11-22 14:13:03,659 fail2ban.actions        [12067]: NOTICE  [sshd] Ban 192.0.2.1\n";
 * deepStrictEqual([...scanLines(new TextEncoder().encode(log), "file")], [
 *   { kind: "ban", jail: "sshd", address: "192.0.2.1" },
 * ]);
 * ```
 */
export function* scanLines(
  bytes: Uint8Array,
  format: LogFormat,
): Generator<LogEvent, void, undefined> {
  for (const { event } of new LogScanner(format).scan(bytes)) yield event;
}

/**
 * Reads one line.
 *
 * @param line The line without its 0x0A.
 * @param format The form of the line's prefix.
 * @returns Its event; `undefined` for most lines, which have none.
 */
export function parseLine(
  line: Uint8Array,
  format: LogFormat,
): LogEvent | undefined {
  return new LogScanner(format).read(line)?.event;
}

/** A host crash leaves NULs before the next line; nothing else writes them. */
function textStart(text: string, start: number, end: number): number {
  let from = start;
  while (from < end && text.charCodeAt(from) === 0) from++;
  return from;
}

/** The line, or enough of it to detect that it is too long. */
function headOf(text: string, start: number, end: number): string {
  return text.slice(start, Math.min(end, start + MAX_EVENT_LINE_LENGTH + 1));
}

/**
 * A cheap test that rejects most lines of the format `file` before their text
 * is copied.
 */
function maySay(words: WordsAhead, start: number, end: number): boolean {
  const { text } = words;
  const loggerAt = start + LOGGER_AT;
  const initialAt = loggerAt + LOGGER.length;
  if (initialAt >= end || !isLogger(text, loggerAt)) return true;
  switch (text.charCodeAt(initialAt)) {
    case S:
    case J:
      return true;
    case A:
    case O:
      return words.comeWithin(start, end);
    default:
      return false;
  }
}

/** The end of the last line that begins within a piece; at least one line. */
function pieceEnd(bytes: Uint8Array, start: number): number {
  if (bytes.length - start <= PIECE_BYTES) return bytes.length;
  const last = bytes.lastIndexOf(LF, start + PIECE_BYTES - 1);
  const end = last < start ? bytes.indexOf(LF, start + PIECE_BYTES) : last;
  return end < 0 ? bytes.length : end + 1;
}

/**
 * Whether the name of one of fail2ban's loggers is there, judged by three of
 * its letters for speed. Only the count of understood lines depends on it.
 */
function isLogger(text: string, at: number): boolean {
  return text.charCodeAt(at) === LOGGER_CODES[0] &&
    text.charCodeAt(at + DIGIT_AT) === LOGGER_CODES[DIGIT_AT] &&
    text.charCodeAt(at + DOT_AT) === LOGGER_CODES[DOT_AT];
}

/** Copies text: a substring would keep the whole text in memory. */
function ownText(part: string): string {
  return (" " + part).slice(1);
}

/**
 * Finds the next occurrence of several words. Lines are queried in order, so
 * each word is searched for once in the whole text, not in each line.
 */
class WordsAhead {
  /** The text. */
  readonly text: string;
  readonly #words: readonly string[];
  /** The next position of each word; `Infinity`: none. */
  readonly #places: number[];
  /** The smallest of these. */
  #next = -1;

  /**
   * @param text The text.
   * @param words The words to find.
   */
  constructor(text: string, words: readonly string[]) {
    this.text = text;
    this.#words = words;
    this.#places = words.map(() => -1);
  }

  /**
   * Whether one of the words begins within a part of the text.
   *
   * @param start Start of the part; not before that of an earlier call.
   * @param end End of the part.
   */
  comeWithin(start: number, end: number): boolean {
    if (this.#next < start) this.#goOn(start);
    return this.#next < end;
  }

  #goOn(start: number): void {
    let next = Infinity;
    this.#words.forEach((word, index) => {
      let place = this.#places[index] ?? Infinity;
      if (place < start) {
        const found = this.text.indexOf(word, start);
        place = found < 0 ? Infinity : found;
        this.#places[index] = place;
      }
      next = Math.min(next, place);
    });
    this.#next = next;
  }
}
