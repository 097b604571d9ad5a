/**
 * Parses a line of fail2ban's log.
 *
 * Attackers can put text into that log in many ways (user names, quoted log
 * lines, arguments of failed commands), so a line is accepted only when all of
 * it, from its first byte, has the form that fail2ban itself writes. Lines end
 * at byte 0x0A and nowhere else, and hold printable ASCII.
 *
 * ```abnf
 * line     = prefix message LF
 * prefix   = file / syslog / sysout / journal
 * file     = date SP time "," 3DIGIT SP logger *SP [pid] ":" SP level 1*SP
 * syslog   = ["<" 1*3DIGIT ">"] [stamp SP host SP] logger *SP [pid] ":" SP level 1*SP
 * sysout   = [[stamp SP] host SP "fail2ban-server" pid ":" SP] logger *SP [pid] ":" SP level 1*SP
 * journal  = [stamp SP] host SP ("fail2ban" / "fail2ban-server") pid ":" SP
 * logger   = "fail2ban." ["server."] ("actions" / "observer" / "server" / "jail")
 * pid      = "[" 1*10DIGIT "]"
 * message  = "[" jail "]" SP ("Ban" / "Unban" / "Restore Ban" / "Repeal Ban") SP address
 *          / "[" jail "]" SP "Increase Ban" SP address SP "(" count SP "#" SP duration " -> " end ")"
 *          / mark
 * ; a failed action: as in log_failure.ts
 * ```
 *
 * @see fail2ban/server/actions.py, observer.py, server.py and jail.py of 0.8 to 1.1
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { type ActionFailure, parseActionFailure } from "./log_failure.ts";
import { LINE_BEGINNINGS, linePatterns, unfolded } from "./log_prefix.ts";
import { parseLoggedDuration } from "./logged_duration.ts";
import type { LogFormat } from "./log_format.ts";

export type { LogFormat };

/** Why a line that speaks of a ban can't be shared. */
export type LineRefusal = "bytes" | "format" | "jail" | "target" | "duration";

/** The event that a line reports. */
export type LogEvent =
  | {
    readonly kind: "ban" | "unban" | "restore" | "repeal";
    readonly jail: JailName;
    readonly address: Address;
  }
  | {
    readonly kind: "increase";
    readonly jail: JailName;
    readonly address: Address;
    /** How many times the address has been banned. */
    readonly count: number;
    /** The new ban time, with its fraction. */
    readonly durationSeconds: number | "permanent";
  }
  | { readonly kind: "server_stopping" | "server_starting" }
  | { readonly kind: "jail_stopped" | "jail_started"; readonly jail: JailName }
  | ActionFailure
  | { readonly kind: "refused"; readonly reason: LineRefusal };

/**
 * Maximum length of an event line, in characters. Of a longer line only the
 * beginning is read, and only for a failed action; fail2ban's other lines are
 * much shorter.
 */
export const MAX_EVENT_LINE_LENGTH = 512;

/** Position of the logger's name in a line of the form `file`. */
const LOGGER_AT = "2026-11-22 14:14:55,029 ".length;
const LOGGER = "fail2ban.";
const LF = 0x0a;
/** First letters of the relevant loggers: actions, observer, server, jail. */
const LOGGER_INITIALS: readonly string[] = ["a", "o", "s", "j"];
/**
 * Invalid UTF-8 and byte order marks become characters that are not ASCII and
 * match nothing.
 */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const PREFIXES = linePatterns(
  "NOTICE|WARNING|INFO",
  String.raw`(?<message>[\x20-\x7e]*)$`,
);

const TICKET =
  /^\[([A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63})\] (Ban|Unban|Restore Ban|Repeal Ban) ([0-9a-f:.]{2,39}(?:\/\d{1,3})?)$/;
const INCREASE =
  /^\[([A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63})\] Increase Ban ([0-9a-f:.]{2,39}(?:\/\d{1,3})?) \((\d{1,10}) # ([^()]{1,60}) -> (?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|infinite)\)$/;
const LOOKS_LIKE_TICKET =
  /^\[(?<jail>.*?)\] (?:Ban|Unban|Restore Ban|Repeal Ban) /;
const REFUSED_JAIL =
  /(?:NOTICE|WARNING|\]:) +\[(?<jail>.*?)\] (?:Ban|Unban|Restore Ban|Repeal Ban) /;
/** Of an odd jail's name so much is told, in characters. */
const MAX_NAME_LENGTH = 64;
/** A ban in a format that is not the configured one: the prefix is unknown. */
const LOOKS_LIKE_OTHER_FORMAT =
  /^(?: ?\d{4}-|<|[A-Z][a-z]{2} |[ +]|fail2ban\.|[\w.:-]+ fail2ban).{0,160}(?:(?:NOTICE?|WARNING) +|\]: )\[[^\]]*\] (?:Ban|Unban) [0-9a-f:.\/]+$/;
/** So does what is no line of fail2ban at all where it tells of a ban. */
const HAS_BAN = /\] (?:Ban|Unban|Restore Ban) [0-9a-f]{0,4}[.:][0-9a-f.:]{2,}/;
/** A message that begins with a prefix that the journal does not have. */
const LOOKS_LIKE_PREFIX = /^(?:\d{4}-|fail2ban\.)/;
const JAIL_MARK =
  /^(?:Jail '([^']+)' (stopped|started)|Creating new jail '([^']+)')$/;

const TICKET_KINDS = {
  "Ban": "ban",
  "Unban": "unban",
  "Restore Ban": "restore",
  "Repeal Ban": "repeal",
} as const;

/**
 * Reads whole lines.
 *
 * @param bytes Lines, each ending in 0x0A.
 * @param format The form of the lines' prefix.
 * @returns Their events, in order; most lines have none.
 *
 * @example
 * ```ts
 * import { scanLines } from "./log_line.ts";
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
  for (const { event } of scanLocatedEvents(bytes, format)) yield event;
}

/** An event and the position of its line. */
export interface LocatedEvent {
  /** The event. */
  readonly event: LogEvent;
  /** Start of the line, in bytes from the start of the input. */
  readonly startBytes: number;
  /**
   * The beginning of the line: at most one character more than {@link
   * MAX_EVENT_LINE_LENGTH}.
   */
  readonly line: string;
}

/** Counts lines by whether they begin as the configured format says. */
export interface LineTally {
  /** A line was read that begins so. */
  understood(): void;
  /**
   * A line was read that begins otherwise.
   *
   * @param line Its head.
   * @param hasBan Whether it seems to tell of a ban.
   */
  unknown(line: string, hasBan: boolean): void;
}

/**
 * As {@link scanLines}, with the place of each line that says something.
 *
 * @param bytes Lines, each ending in 0x0A.
 * @param format How the lines begin.
 * @param tally Where to count all lines.
 */
export function* scanLocatedEvents(
  bytes: Uint8Array,
  format: LogFormat,
  tally?: LineTally,
): Generator<LocatedEvent, void, undefined> {
  // In UTF-8 byte 0x0A is always LF: lines of the text are lines of the bytes.
  const text = DECODER.decode(bytes);
  // Each character takes at least one byte: with equal lengths each takes
  // exactly one.
  const isOneToOne = text.length === bytes.length;
  let start = 0;
  let startBytes = 0;
  while (true) {
    const end = text.indexOf("\n", start);
    if (end === -1) return;
    const from = textStart(text, start, end);
    if (maySay(text, from, end, format)) {
      const line = ownText(lineOf(text, from, end, format));
      const event = parseText(line, format);
      if (tally !== undefined) count(line, format, tally);
      if (event !== undefined) {
        yield { event, startBytes: isOneToOne ? start : startBytes, line };
      }
    } else tally?.understood();
    start = end + 1;
    if (!isOneToOne) startBytes = bytes.indexOf(LF, startBytes) + 1;
  }
}

/**
 * The name of the jail in a line that can't be shared because of it, fit to be
 * told: printable, and cut.
 *
 * @param line The line.
 * @returns As a string of JSON; `undefined` where the line names none.
 *
 * @example
 * ```ts
 * import { jailInRefused } from "./log_line.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const line = "2026-11-22 14:13:03,659 fail2ban.actions [12]: NOTICE  [j\u00e4il] Ban 192.0.2.1";
 * strictEqual(jailInRefused(line), String.raw`"j\u00e4il"`);
 * ```
 */
export function jailInRefused(line: string): string | undefined {
  const name = REFUSED_JAIL.exec(line)?.groups?.["jail"];
  return name === undefined ? undefined : JSON.stringify(
    name.slice(0, MAX_NAME_LENGTH),
  ).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
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
  const text = DECODER.decode(line);
  const from = textStart(text, 0, text.length);
  return maySay(text, from, text.length, format)
    ? parseText(lineOf(text, from, text.length, format), format)
    : undefined;
}

/** A crash of the host leaves NULs before the next line; nobody else writes any there. */
function textStart(text: string, start: number, end: number): number {
  let from = start;
  while (from < end && text.charCodeAt(from) === 0) from++;
  return from;
}

function count(line: string, format: LogFormat, tally: LineTally): void {
  if (LINE_BEGINNINGS[format].test(line)) tally.understood();
  else if (line !== "") tally.unknown(line, HAS_BAN.test(line));
}

function lineOf(
  text: string,
  start: number,
  end: number,
  format: LogFormat,
): string {
  const head = headOf(text, start, end);
  return format === "syslog" ? unfolded(head) : head;
}

/** The line, or enough of it to see that it is too long. */
function headOf(text: string, start: number, end: number): string {
  return text.slice(start, Math.min(end, start + MAX_EVENT_LINE_LENGTH + 1));
}

/**
 * A cheap test that lines of other loggers fail before their text is copied.
 */
function maySay(
  text: string,
  start: number,
  end: number,
  format: LogFormat,
): boolean {
  if (format !== "file") return true;
  const loggerAt = start + LOGGER_AT;
  return loggerAt >= end || !text.startsWith(LOGGER, loggerAt) ||
    LOGGER_INITIALS.includes(text.charAt(loggerAt + LOGGER.length));
}

/** Copies text: a substring would keep the whole text in memory. */
function ownText(part: string): string {
  return (" " + part).slice(1);
}

function parseText(text: string, format: LogFormat): LogEvent | undefined {
  // What follows the beginning of such a line may come from an attacker.
  if (text.length > MAX_EVENT_LINE_LENGTH) {
    return parseActionFailure(text, format);
  }
  const match = PREFIXES[format].exec(text);
  if (match === null) {
    return parseActionFailure(text, format) ?? refuseUnknown(text);
  }
  const { logger, level, message = "" } = match.groups ?? {};
  switch (logger) {
    case undefined:
      return parseUnnamed(message) ?? parseActionFailure(text, format);
    case "actions":
      return level === "INFO" ? undefined : parseTicket(message);
    case "observer":
      return parseIncrease(message);
    default:
      return parseMark(message);
  }
}

/** The journal's own form names no logger: the message alone decides. */
function parseUnnamed(message: string): LogEvent | undefined {
  return LOOKS_LIKE_PREFIX.test(message)
    ? refuseUnknown(message)
    : parseTicket(message) ?? parseIncrease(message) ?? parseMark(message);
}

function parseTicket(message: string): LogEvent | undefined {
  const match = TICKET.exec(message);
  if (match === null) {
    const jailText = LOOKS_LIKE_TICKET.exec(message)?.groups?.["jail"];
    if (jailText === undefined) return undefined;
    return refused(parseJailName(jailText) === undefined ? "jail" : "target");
  }
  const [, jailText = "", verb = "", addressText = ""] = match;
  const jail = parseJailName(jailText);
  if (jail === undefined) return refused("jail");
  const address = parseAddress(addressText);
  if (address === undefined) return refused("target");
  return {
    kind: TICKET_KINDS[verb as keyof typeof TICKET_KINDS],
    jail,
    address,
  };
}

function parseIncrease(message: string): LogEvent | undefined {
  const [, jailText = "", addressText = "", countText, durationText = ""] =
    INCREASE.exec(message) ?? [];
  const jail = parseJailName(jailText);
  const address = parseAddress(addressText);
  // The line of the ban itself was refused before, where it names an odd one.
  if (jail === undefined || address === undefined) return undefined;
  const durationSeconds = parseLoggedDuration(durationText);
  if (durationSeconds === undefined) return refused("duration");
  return {
    kind: "increase",
    jail,
    address,
    count: Number(countText),
    durationSeconds,
  };
}

function parseMark(message: string): LogEvent | undefined {
  switch (message) {
    case "Shutdown in progress...":
    case "Stopping all jails":
    case "Exiting Fail2ban":
      return { kind: "server_stopping" };
  }
  if (/^Starting Fail2ban v\S+$/.test(message)) {
    return { kind: "server_starting" };
  }
  const [, named = "", what, created] = JAIL_MARK.exec(message) ?? [];
  const jail = parseJailName(created ?? named);
  if (jail === undefined) return undefined;
  return { kind: what === "stopped" ? "jail_stopped" : "jail_started", jail };
}

function refuseUnknown(text: string): LogEvent | undefined {
  if (/[^\x20-\x7e]/.test(text)) {
    return /\] (?:Ban|Unban) /.test(text) ? refused("bytes") : undefined;
  }
  return LOOKS_LIKE_OTHER_FORMAT.test(text) ? refused("format") : undefined;
}

function refused(reason: LineRefusal): LogEvent {
  return { kind: "refused", reason };
}
