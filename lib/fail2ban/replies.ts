/**
 * Parses fail2ban's answers: values from its socket, or text from
 * `fail2ban-client`.
 *
 * @see fail2ban/server/server.py, actions.py, jail.py, client/beautifier.py
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import type { PickleValue } from "./pickle.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";

/** The abilities of a version of fail2ban. */
export interface Fail2banAbilities {
  /**
   * Whether a command may have many addresses and is answered after their bans.
   */
  readonly takesMany: boolean;
  /** Whether it lists the times of bans. */
  readonly listsTimes: boolean;
  /** Whether it supports IPv6. */
  readonly knowsIpv6: boolean;
}

/** A ban as fail2ban lists it. */
export interface ListedTicket {
  /** The banned address. */
  readonly address: Address;
  /** Its times; `undefined` if they are not listed. */
  readonly times: TicketTimes | undefined;
}

/** The beginning and duration of a ban. */
export interface TicketTimes {
  /** Its beginning in local time: `2026-11-22 14:09:21`. */
  readonly madeAt: string;
  /** Its duration in seconds; `Infinity`: forever. */
  readonly seconds: number;
}

/**
 * Derives the abilities of a version; an unknown one has the fewest.
 *
 * @param value The answer to `version`.
 *
 * @example
 * ```ts
 * import { readAbilities } from "./replies.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(readAbilities("0.11.0"), {
 *   takesMany: false,
 *   listsTimes: false,
 *   knowsIpv6: true,
 * });
 * ```
 */
export function readAbilities(value: PickleValue): Fail2banAbilities {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(String(value));
  const [major = 0, minor = 0, patch = 0] = (match ?? []).slice(1)
    .map((part = "0") => Number(part));
  const isAtLeast = (otherMinor: number, otherPatch: number) =>
    major > 0 || minor > otherMinor ||
    minor === otherMinor && patch >= otherPatch;
  return {
    takesMany: isAtLeast(10, 5) && !(major === 0 && minor === 11 && patch < 1),
    listsTimes: isAtLeast(11, 1),
    knowsIpv6: isAtLeast(10, 0),
  };
}

/**
 * Reads the names of the jails.
 *
 * @param value The answer to `status`.
 * @throws {RuntimeError} when it is not understood.
 */
export function readJails(value: PickleValue): ReadonlySet<JailName> {
  const names = readJailNames(value).map((name) => parseJailName(name));
  return new Set(names.filter((name) => name !== undefined));
}

/**
 * Reads the names of all jails, including those whose bans can't be shared. A
 * name with a comma counts as several.
 *
 * @param value The answer to `status`.
 * @throws {RuntimeError} when it is not understood.
 */
export function readJailNames(value: PickleValue): readonly string[] {
  const list = typeof value === "string"
    ? textEntry(value, "Jail list")
    : entry(value, "Jail list");
  if (typeof list !== "string") throw notUnderstood("status");
  return list.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * Reads a number.
 *
 * @param value The answer to `set JAIL banip` or `unbanip` since 0.10.5.
 * @throws {RuntimeError} when it is not understood.
 */
export function readCount(value: PickleValue): number {
  const count = typeof value === "string" && /^\d{1,9}$/.test(value)
    ? Number(value)
    : value;
  if (typeof count === "number") return count;
  throw notUnderstood("banip");
}

/**
 * Reads the ban time of a jail.
 *
 * @param value The answer to `get JAIL bantime`.
 * @returns Seconds; `Infinity`: forever.
 * @throws {RuntimeError} when it is not understood.
 */
export function readBanTime(value: PickleValue): number {
  const seconds = typeof value === "string" && /^-?\d{1,12}$/.test(value)
    ? Number(value)
    : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) {
    throw notUnderstood("bantime");
  }
  return seconds < 0 ? Infinity : seconds;
}

/**
 * Reads a setting.
 *
 * @param value The answer to `get logtarget` or `get loglevel`;
 * `fail2ban-client` adds words of its own before it.
 * @throws {RuntimeError} when it is not understood.
 */
export function readWord(value: PickleValue): string {
  if (typeof value !== "string") throw notUnderstood("get");
  return /`- (.+)$/.exec(value.trim())?.[1] ??
    /^Current logging level is '(\w+)'/.exec(value)?.[1] ?? value.trim();
}

/**
 * Reads the `ignoreip` of a jail: addresses, prefixes, host names.
 *
 * @param value The answer to `get JAIL ignoreip`.
 * @throws {RuntimeError} when it is not understood.
 */
export function readIgnored(value: PickleValue): readonly string[] {
  if (typeof value !== "string") return texts(value, "ignoreip");
  return value.split("\n").flatMap((line) =>
    /^[|`]- (\S+)$/.exec(line)?.[1] ?? []
  );
}

/**
 * Reads the banned addresses with their times. Anything else, such as a user
 * name, is ignored.
 *
 * @param value The answer to `get JAIL banip --with-time`.
 * @throws {RuntimeError} when it is not understood.
 */
export function readTickets(value: PickleValue): readonly ListedTicket[] {
  const lines = typeof value === "string"
    ? value.split("\n")
    : texts(value, "banip");
  return lines.flatMap((line) => {
    const [, text = line.trim(), madeAt = "", length] = TICKET.exec(line) ?? [];
    const address = canonicalAddress(text);
    if (address === undefined) return [];
    const seconds = length === "-1" ? Infinity : Number(length);
    const times = length === undefined ? undefined : { madeAt, seconds };
    return [{ address, times }];
  });
}

const TICKET =
  /^(\S+) *\t(\d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d) \+ (-1|\d{1,12}) = \d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/**
 * Reads the banned addresses. Anything else is ignored.
 *
 * @param value The answer to `status JAIL`.
 * @throws {RuntimeError} when it is not understood.
 */
export function readBannedInStatus(
  value: PickleValue,
): readonly ListedTicket[] {
  const list = typeof value === "string"
    ? textEntry(value, "IP list")?.split(/\s+/)
    : entry(asList(asList(value)[1])[1], "IP list");
  if (list === undefined) throw notUnderstood("status");
  return readTickets(list);
}

/** The value of the first pair whose name ends with `name`. */
function entry(
  pairs: PickleValue | undefined,
  name: string,
): PickleValue | undefined {
  for (const pair of asList(pairs)) {
    const [key, content] = asList(pair);
    if (typeof key === "string" && key.endsWith(name)) return content;
  }
  return undefined;
}

function asList(value: PickleValue | undefined): readonly PickleValue[] {
  return Array.isArray(value) ? value : [];
}

/** The text after the first name that ends with `name`, in a tree of lines. */
function textEntry(text: string, name: string): string | undefined {
  for (const line of text.split("\n")) {
    const at = line.indexOf(`${name}:`);
    if (/^[|` ]/.test(line) && at !== -1) {
      return line.slice(at + name.length + 1).trim();
    }
  }
  return undefined;
}

function texts(value: PickleValue, command: string): readonly string[] {
  if (!Array.isArray(value)) throw notUnderstood(command);
  return (value as readonly PickleValue[]).map((item) => {
    if (typeof item !== "string") throw notUnderstood(command);
    return item;
  });
}

function notUnderstood(command: string): RuntimeError {
  return new RuntimeError(
    `fail2ban's answer to ${command} is not understood`,
    { hint: "fail2ban 0.8.8 to 1.1 are known; please report yours" },
  );
}
