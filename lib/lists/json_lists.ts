/**
 * Lists as JSON.
 *
 * | format      | what it is                                                         |
 * | ----------- | ------------------------------------------------------------------ |
 * | `abuseipdb` | the answer of AbuseIPDB's `blacklist`: `{"data": [{"ipAddress"}]}` |
 * | `crowdsec`  | `cscli decisions list -o json`: alerts with their decisions; also decisions alone |
 *
 * @see {@link https://docs.abuseipdb.com/#blacklist-endpoint | AbuseIPDB, Blacklist}
 * @see {@link https://docs.crowdsec.net/docs/cscli/cscli_decisions_list | cscli decisions list}
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { fault, type ListEntry, readEntry } from "./list_entry.ts";

/** Which of the two formats a value has; `undefined`: neither. */
export function jsonKind(value: unknown): "abuseipdb" | "crowdsec" | undefined {
  if (value === null || Array.isArray(value)) return "crowdsec";
  return isObject(value) && ("data" in value || "errors" in value)
    ? "abuseipdb"
    : undefined;
}

/**
 * The entries of an answer of AbuseIPDB, numbered from 1.
 *
 * @throws {RuntimeError} when it is not one, or reports an error.
 */
export function* abuseIpdbEntries(
  value: unknown,
): Generator<ListEntry, void, undefined> {
  if (!isObject(value)) throw notSuch("an answer of AbuseIPDB");
  const { data, errors } = value;
  if (Array.isArray(errors) && errors.length > 0) {
    const [first] = errors;
    const detail = isObject(first) ? wordsOf(first["detail"]) : "";
    throw new RuntimeError(
      `AbuseIPDB answered with an error: ${detail || "it does not say which"}`,
      {
        hint: "nothing is changed; its key and its daily limit are to be seen",
      },
    );
  }
  if (!Array.isArray(data)) throw notSuch("an answer of AbuseIPDB");
  for (const [index, report] of data.entries()) {
    const address = isObject(report) ? report["ipAddress"] : undefined;
    yield entryOf(index + 1, address);
  }
}

/**
 * The entries of decisions of CrowdSec, numbered from 1.
 *
 * @throws {RuntimeError} when the value is something else.
 */
export function* crowdsecEntries(
  value: unknown,
): Generator<ListEntry, void, undefined> {
  if (value !== null && !Array.isArray(value)) {
    throw notSuch("a list of decisions of CrowdSec");
  }
  let at = 0;
  for (const each of value ?? []) {
    const decisions = isObject(each) && Array.isArray(each["decisions"])
      ? each["decisions"]
      : [each];
    for (const decision of decisions) yield decisionEntry(++at, decision);
  }
}

function decisionEntry(at: number, decision: unknown): ListEntry {
  if (!isObject(decision)) return entryOf(at, decision);
  const { type, scope, value } = decision;
  const isBan = type === undefined || wordsOf(type).toLowerCase() === "ban";
  if (!isBan) {
    return fault(at, wordsOf(value), `is no ban but a ${wordsOf(type)}`);
  }
  const isOfHosts = scope === undefined ||
    /^(?:ip|range)$/i.test(wordsOf(scope));
  return isOfHosts
    ? entryOf(at, value)
    : fault(at, wordsOf(value), `is of the scope ${wordsOf(scope)}`);
}

function entryOf(at: number, value: unknown): ListEntry {
  return typeof value === "string"
    ? readEntry(at, value.trim())
    : fault(at, JSON.stringify(value) ?? "", "is no address");
}

function wordsOf(value: unknown): string {
  return typeof value === "string"
    ? value.replace(/[^\x20-\x7e]/g, "?").slice(0, 100)
    : "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notSuch(what: string): RuntimeError {
  return new RuntimeError(`the list is not ${what}`, {
    hint: "--format says what it is; without it that is seen by looking",
  });
}
