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
import { linePatterns } from "./log_prefix.ts";
import { rememberNames } from "../base/name_cache.ts";
import { parseLoggedDuration } from "./line_time.ts";
import type { LineFormat } from "./log_format.ts";

/** Why a line about a ban can't be shared. */
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
 * Maximum length of an event line, in characters. Only the beginning of a
 * longer line is read, and only for a failed action; fail2ban's other lines are
 * much shorter.
 */
export const MAX_EVENT_LINE_LENGTH = 512;

const PREFIXES = linePatterns(
  "NOTICE|WARNING|INFO",
  String.raw`([\x20-\x7e]*)$`,
);

/** Patterns of whole lines, so that a ticket's line is matched only once. */
const TICKETS = linePatterns(
  "NOTICE|WARNING",
  String
    .raw`\[([A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63})\] (Ban|Unban|Restore Ban|Repeal Ban) ([0-9a-f:.]{2,39}(?:\/\d{1,3})?)$`,
);
const INCREASE =
  /^\[([A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63})\] Increase Ban ([0-9a-f:.]{2,39}(?:\/\d{1,3})?) \((\d{1,10}) # ([^()]{1,60}) -> (?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|infinite)\)$/;
const LOOKS_LIKE_TICKET =
  /^\[(?<jail>.*?)\] (?:Ban|Unban|Restore Ban|Repeal Ban) /;
const REFUSED_JAIL =
  /(?:NOTICE|WARNING|\]:) +\[(?<jail>.*?)\] (?:Ban|Unban|Restore Ban|Repeal Ban) /;
/** Maximum length of an odd jail's name in records, in characters. */
const MAX_NAME_LENGTH = 64;
/** A ban in a format that is not the configured one: the prefix is unknown. */
const LOOKS_LIKE_OTHER_FORMAT =
  /^(?: ?\d{4}-|<|[A-Z][a-z]{2} |[ +]|fail2ban\.|[\w.:-]+ fail2ban).{0,160}(?:(?:NOTICE?|WARNING) +|\]: )\[[^\]]*\] (?:Ban|Unban) [0-9a-f:.\/]+$/;
/** A message with a prefix that the journal's lines don't have. */
const LOOKS_LIKE_PREFIX = /^(?:\d{4}-|fail2ban\.)/;
const JAIL_MARK =
  /^(?:Jail '([^']+)' (stopped|started)|Creating new jail '([^']+)')$/;

const readJail = rememberNames(parseJailName);

const TICKET_KINDS = {
  "Ban": "ban",
  "Unban": "unban",
  "Restore Ban": "restore",
  "Repeal Ban": "repeal",
} as const;

/**
 * The jail's name from a line that can't be shared because of it; printable and
 * cut.
 *
 * @param line The line.
 * @returns A JSON string; `undefined` if the line names no jail.
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
 * Parses the text of a line.
 *
 * @param text The line, or at least one character more of its beginning than
 * {@link MAX_EVENT_LINE_LENGTH}.
 * @param format The form of its prefix.
 * @returns Its event; `undefined` for most lines, which have none.
 */
export function parseText(
  text: string,
  format: LineFormat,
): LogEvent | undefined {
  // An attacker may have written anything behind the beginning of such a line.
  if (text.length > MAX_EVENT_LINE_LENGTH) {
    return parseActionFailure(text, format);
  }
  const ticket = parseTicket(text, format);
  if (ticket !== undefined) return ticket;
  const match = PREFIXES[format].exec(text);
  if (match === null) {
    return parseActionFailure(text, format) ?? refuseUnknown(text);
  }
  const [, logger, level, message = ""] = match;
  switch (logger) {
    case "":
      return parseUnnamed(message) ?? parseActionFailure(text, format);
    case "actions":
      return level === "INFO" ? undefined : refuseTicket(message);
    case "observer":
      return parseIncrease(message);
    default:
      return parseMark(message);
  }
}

/** The journal's own form has no logger: only the message counts. */
function parseUnnamed(message: string): LogEvent | undefined {
  return LOOKS_LIKE_PREFIX.test(message)
    ? refuseUnknown(message)
    : refuseTicket(message) ?? parseIncrease(message) ?? parseMark(message);
}

/** Refuses a message that is almost a ticket's. */
function refuseTicket(message: string): LogEvent | undefined {
  const jailText = LOOKS_LIKE_TICKET.exec(message)?.groups?.["jail"];
  if (jailText === undefined) return undefined;
  return refused(parseJailName(jailText) === undefined ? "jail" : "target");
}

function parseTicket(text: string, format: LineFormat): LogEvent | undefined {
  if (!text.includes("Ban ") && !text.includes("Unban ")) return undefined;
  const match = TICKETS[format].exec(text);
  if (match === null) return undefined;
  const [, logger, , jailText = "", verb = "", addressText = ""] = match;
  // The journal's own form has none.
  if (logger !== "" && logger !== "actions") return undefined;
  const jail = readJail(jailText);
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
  const match = INCREASE.exec(message);
  if (match === null) return undefined;
  const [, jailText = "", addressText = "", countText, durationText = ""] =
    match;
  const jail = parseJailName(jailText);
  const address = parseAddress(addressText);
  // An odd name has already been refused in the line of the ban itself.
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

/**
 * Refuses a line that seems to report a ban but has another prefix.
 *
 * @returns `undefined` for all other lines.
 */
export function refuseUnknown(text: string): LogEvent | undefined {
  if (/[^\x20-\x7e]/.test(text)) {
    return /\] (?:Ban|Unban) /.test(text) ? refused("bytes") : undefined;
  }
  return LOOKS_LIKE_OTHER_FORMAT.test(text) ? refused("format") : undefined;
}

function refused(reason: LineRefusal): LogEvent {
  return { kind: "refused", reason };
}
