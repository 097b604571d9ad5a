/**
 * How the operator's own program is called for a ban and for an unban.
 *
 * ```text
 * PROGRAM ban|unban ADDRESS JAIL ORIGIN SECONDS
 * ```
 *
 * ADDRESS is an address or a prefix, JAIL the jail of this host, and ORIGIN the
 * node that last reported it. SECONDS is the rest of the ban, rounded up and at
 * most 2147483647, or `forever`. A ban has at least 1 second left, because many
 * programs read 0 as "no end"; an unban has 0 once the ban has ended.
 *
 * | variable             | holds                                             |
 * | -------------------- | ------------------------------------------------- |
 * | `F2BC_ACTION`        | `ban` or `unban`                                  |
 * | `F2BC_ADDRESS`       | ADDRESS                                           |
 * | `F2BC_FAMILY`        | `ipv4` or `ipv6`                                  |
 * | `F2BC_JAIL`          | JAIL                                              |
 * | `F2BC_REPORTED_JAIL` | the jail that decided, on ORIGIN                  |
 * | `F2BC_ORIGIN`        | ORIGIN                                            |
 * | `F2BC_SECONDS`       | SECONDS, but `-1` for ever, as fail2ban writes it |
 *
 * No argument begins with `-`, so none can be read as an option. No value holds
 * a blank or a character that is special to a shell, so a script without quotes
 * does no harm. Nothing is escaped: a value that breaks these rules is refused.
 *
 * @module
 */

import { parseAddress } from "../base/address.ts";
import type { BanKind } from "../ban/ban_event.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { parseJailName } from "../base/jail_name.ts";
import type { HostBan } from "./enforcer.ts";

/** Arguments and variables of one call. */
export interface ExecCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How a program that failed ended. */
export interface ExecFailure {
  /** Its exit code, or the signal that ended it; `undefined`: it timed out. */
  readonly end: number | string | undefined;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Its standard error, and its standard output. */
  readonly outputs: readonly string[];
}

/** The largest number that programs can be expected to accept. */
const MAX_SECONDS = 2 ** 31 - 1;
/** Maximum length of a program's output in a reason, in characters. */
const MAX_TOLD_LENGTH = 200;

/**
 * Builds a call.
 *
 * @param kind What to do.
 * @param ban The ban.
 * @param nowMs Milliseconds since 1970.
 * @throws {TypeError} when a part of the ban does not match its type.
 */
export function execCall(
  kind: BanKind,
  ban: HostBan,
  nowMs: number,
): ExecCall {
  const action = checked("action", kind, parseAction);
  const address = checked("address", ban.address, parseAddress);
  const jail = checked("jail", ban.jail, parseJailName);
  const origin = checked("origin", ban.origin, parseOrigin);
  const reported = checked("reported jail", ban.reportedJail, parseJailName);
  const seconds = secondsLeft(action, ban.expiresMs, nowMs);
  return {
    args: [action, address, jail, origin, seconds ?? "forever"],
    env: {
      F2BC_ACTION: action,
      F2BC_ADDRESS: address,
      F2BC_FAMILY: address.includes(":") ? "ipv6" : "ipv4",
      F2BC_JAIL: jail,
      F2BC_REPORTED_JAIL: reported,
      F2BC_ORIGIN: origin,
      F2BC_SECONDS: seconds ?? "-1",
    },
  };
}

/**
 * Says how a program failed: its end, and the first line that it wrote.
 *
 * @param failure What is known of the failure.
 *
 * @example
 * ```ts
 * import { execReason } from "./exec_command.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   execReason({ end: 3, timeoutMs: 10_000, outputs: ["no route\n", ""] }),
 *   "exit code 3: no route",
 * );
 * ```
 */
export function execReason(failure: ExecFailure): string {
  const { end, timeoutMs, outputs } = failure;
  const line = outputs.map(firstLine).find((text) => text !== "");
  return describeEnd(end, timeoutMs) + (line === undefined ? "" : `: ${line}`);
}

function describeEnd(
  end: number | string | undefined,
  timeoutMs: number,
): string {
  if (end === undefined) return `not done within ${timeoutMs / 1_000} s`;
  return typeof end === "number" ? `exit code ${end}` : `ended by ${end}`;
}

/** The first line that is not empty, cut and printable. */
function firstLine(output: string): string {
  const [line = ""] = output.trimStart().split("\n", 1);
  return line.trimEnd().slice(0, MAX_TOLD_LENGTH)
    .replaceAll(/[^\x20-\x7e]/g, "?");
}

/** `undefined`: forever. */
function secondsLeft(
  action: BanKind,
  expiresMs: number,
  nowMs: number,
): string | undefined {
  if (Number.isNaN(expiresMs)) throw new TypeError("A ban without an end");
  if (expiresMs === Infinity) return undefined;
  const least = action === "ban" ? 1 : 0;
  const seconds = Math.ceil((expiresMs - nowMs) / 1_000);
  return String(Math.min(Math.max(seconds, least), MAX_SECONDS));
}

function parseAction(text: string): BanKind | undefined {
  return text === "ban" || text === "unban" ? text : undefined;
}

function checked<T>(
  what: string,
  text: string,
  parse: (text: string) => T | undefined,
): T {
  const value = parse(text);
  if (value !== undefined) return value;
  throw new TypeError(`Not a good ${what}: ${JSON.stringify(text)}`);
}

/** Number of bytes in which the system looks for a script's interpreter. */
export const SCRIPT_HEAD_BYTES = 256;

/** The beginning of a program. */
export type ProgramHead =
  /** Not a script: the system or a shell knows how to start it. */
  | { readonly kind: "other" }
  /** A script that names its interpreter. */
  | { readonly kind: "script"; readonly interpreter: string }
  /** A script that the system can't start. */
  | { readonly kind: "windows"; readonly reason: string };

/**
 * Reads a program's first bytes.
 *
 * @param bytes At most {@link SCRIPT_HEAD_BYTES}.
 *
 * @example
 * ```ts
 * import { readProgramHead } from "./exec_command.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const headOf = (text: string) => readProgramHead(new TextEncoder().encode(text));
 * deepStrictEqual(headOf("#!/bin/sh -e\n"), { kind: "script", interpreter: "/bin/sh" });
 * strictEqual(headOf("#!/bin/sh\r\n").kind, "windows");
 * ```
 */
export function readProgramHead(bytes: Uint8Array): ProgramHead {
  const [line = ""] = new TextDecoder().decode(bytes).split("\n", 1);
  if (!line.startsWith("#!")) return { kind: "other" };
  if (line.endsWith("\r")) {
    const reason = "its lines end as on Windows (CRLF), " +
      "and the system looks for an interpreter with a carriage return in its name";
    return { kind: "windows", reason };
  }
  const [interpreter = ""] = line.slice(2).trim().split(/[ \t]/, 1);
  return { kind: "script", interpreter };
}
