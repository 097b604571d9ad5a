/**
 * Parses operands and options of `fail2ban-cluster` into typed values, or
 * throws an error that says what was expected.
 *
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import { CLUSTER_PROGRAM, type TypedCommand } from "./cluster_cli.ts";
import type { NodeRole } from "../base/ids.ts";
import { parseDuration, PERMANENT_SECONDS } from "../base/duration.ts";
import { endpointUrl } from "../base/endpoint_url.ts";
import { UsageError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { isJailPattern } from "../base/jail_map.ts";
import type { MemberRights } from "../members/member.ts";
import {
  MAX_JAILS,
  MAX_NOTE_LENGTH,
  MAX_RATE,
  parseNote,
} from "../members/member_list_form.ts";
import { MAX_AUDIT_ANSWER } from "../wire/operator_messages.ts";

const ROLES: readonly NodeRole[] = ["monitor", "subscriber"];
const MAX_FOR_SECONDS = 3_155_760_000;
const MAX_REASON_LENGTH = 150;

/** The node names after a verb; a repeated name is an error. */
export function nameOperands({ operands }: TypedCommand): readonly HostName[] {
  const names = operands.map((text) =>
    parseHostName(text) ?? expected(text, "a node's name, as a host's name")
  );
  const folded = names.map((name) => name.toLowerCase());
  const twice = names.find((_, at) => folded.indexOf(folded[at] ?? "") !== at);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice`);
  return names;
}

/** The one node name after a verb. */
export function nameOperand(command: TypedCommand): HostName {
  const [name] = nameOperands(command);
  return name ?? expected("", "a node's name");
}

/** The network after a verb, in any unambiguous spelling. */
export function networkOperand({ operands }: TypedCommand): Address {
  return networkOf(operands[0] ?? "");
}

/**
 * Parses an address or a prefix in any unambiguous spelling.
 *
 * @throws {UsageError} when it is invalid.
 */
export function networkOf(text: string, option?: string): Address {
  const network = canonicalAddress(text);
  const [typedBase = ""] = text.split("/");
  const [base] = network?.split("/") ?? [];
  if (network !== undefined && canonicalAddress(typedBase) === base) {
    return network;
  }
  return expected(
    text,
    "an address, or a prefix whose host bits are zero",
    option,
  );
}

/** `--roles`, `--jails`, `--unban`, `--rate`. */
export function rightsOptions({ options }: TypedCommand): MemberRights {
  const roles = words(options.get("roles")) ?? ROLES;
  const jails = words(options.get("jails")) ?? ["*"];
  const rate = options.get("rate");
  return {
    roles: ROLES.filter((role) => known(roles).includes(role)),
    jails: jails.length > MAX_JAILS
      ? expected(`${jails.length} jails`, `${MAX_JAILS} at most`)
      : [...new Set(jails)].map((jail) =>
        isJailPattern(jail)
          ? jail
          : expected(jail, "a jail, or * in one", "jails")
      ),
    mayUnban: options.has("unban"),
    maxPerSecond: typeof rate === "string" ? rateOf(rate) : null,
  };
}

/** `--for` as an end; `null`: without end. */
export function untilOption(
  { options }: TypedCommand,
  nowMs: number,
): number | null {
  const text = options.get("for");
  if (typeof text !== "string") return null;
  const seconds = parseDuration(text) ?? 0;
  return seconds > 0 && seconds <= MAX_FOR_SECONDS
    ? nowMs + seconds * 1_000
    : expected(text, "a time as fail2ban writes it, such as 7d", "for");
}

/**
 * `--for` of a ban, in milliseconds; `null`: forever, `undefined`: not given.
 */
export function forOption(
  { options }: TypedCommand,
): number | null | undefined {
  const text = options.get("for");
  if (typeof text !== "string") return undefined;
  const seconds = parseDuration(text) ?? 0;
  if (seconds === PERMANENT_SECONDS) return null;
  return seconds > 0 && seconds <= MAX_FOR_SECONDS ? seconds * 1_000 : expected(
    text,
    "a time as fail2ban writes it, such as 7d; -1 for ever",
    "for",
  );
}

/** `--since` as a beginning; `null`: from the first. */
export function sinceOption(
  { options }: TypedCommand,
  nowMs: number,
): number | null {
  const text = options.get("since");
  if (typeof text !== "string") return null;
  const seconds = parseDuration(text) ?? 0;
  return seconds > 0 && seconds <= MAX_FOR_SECONDS
    ? Math.max(0, nowMs - seconds * 1_000)
    : expected(text, "a time as fail2ban writes it, such as 2h", "since");
}

/** `--min-left`, in milliseconds; 0: not given. */
export function minLeftOption({ options }: TypedCommand): number {
  const text = options.get("min-left");
  if (typeof text !== "string") return 0;
  const seconds = parseDuration(text) ?? 0;
  return seconds > 0 && seconds <= MAX_FOR_SECONDS
    ? seconds * 1_000
    : expected(text, "a time as fail2ban writes it, such as 1h", "min-left");
}

/** `--max`. */
export function maxOption({ options }: TypedCommand): number {
  const text = options.get("max") ?? "50";
  const max = typeof text === "string" && /^\d{1,4}$/.test(text)
    ? Number(text)
    : 0;
  return max >= 1 && max <= MAX_AUDIT_ANSWER
    ? max
    : expected(String(text), `a number, 1 to ${MAX_AUDIT_ANSWER}`, "max");
}

/** `--note`. */
export function noteOption(command: TypedCommand): string {
  return wordsOption(command, "note", MAX_NOTE_LENGTH);
}

/**
 * `--reason`: shorter than a note, because the audit entry also holds the
 * duration.
 */
export function reasonOption(command: TypedCommand): string {
  return wordsOption(command, "reason", MAX_REASON_LENGTH);
}

function wordsOption(
  { options }: TypedCommand,
  name: string,
  maxLength: number,
): string {
  const text = options.get(name);
  const words = parseNote(typeof text === "string" ? text : "");
  return words !== undefined && words.length <= maxLength
    ? words
    : expected(`--${name}`, `${maxLength} printable ASCII characters at most`);
}

/**
 * `--address` as URLs.
 *
 * @param ports The ports of the publisher's control socket and stream.
 * @returns `undefined`: not given.
 */
export function addressOption(
  { options }: TypedCommand,
  [controlPort, streamPort]: readonly [control: number, stream: number],
): { readonly controlUrl: string; readonly streamUrl: string } | undefined {
  const host = options.get("address");
  if (typeof host !== "string") return undefined;
  const controlUrl = endpointUrl(host, controlPort);
  const streamUrl = endpointUrl(host, streamPort);
  return controlUrl === undefined || streamUrl === undefined
    ? expected(host, "an address or a host's name, without a port", "address")
    : { controlUrl, streamUrl };
}

/** The output format that `--json` and `--csv` select. */
export function outputForm(
  { options }: TypedCommand,
): "json" | "csv" | "table" {
  const isJson = options.has("json");
  const isCsv = options.has("csv");
  if (isJson && isCsv) {
    throw new UsageError("--json and --csv exclude each other", {
      hint: "--json is for programs, --csv for spreadsheets",
    });
  }
  return isJson ? "json" : isCsv ? "csv" : "table";
}

function words(
  value: string | true | undefined,
): readonly string[] | undefined {
  return typeof value === "string"
    ? value.split(",").map((word) => word.trim())
    : undefined;
}

function known(roles: readonly string[]): readonly string[] {
  return roles.map((role) =>
    ROLES.find((each) => each === role) ??
      expected(role, ROLES.join(" or "), "roles")
  );
}

function rateOf(text: string): number {
  const rate = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  return rate >= 1 && rate <= MAX_RATE
    ? rate
    : expected(text, `events in a second, 1 to ${MAX_RATE}`, "rate");
}

/**
 * @param option The option's name, if `text` is its value.
 * @throws {UsageError} always: the input is not what was expected.
 */
export function expected(text: string, what: string, option?: string): never {
  const where = option === undefined ? "" : `--${option} `;
  throw new UsageError(`${where}${JSON.stringify(text)}: expected ${what}`, {
    hint: `${CLUSTER_PROGRAM} --help lists verbs and options`,
  });
}
