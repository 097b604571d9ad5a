/**
 * The stored form of a monitor's records: a line of JSON for each ban.
 *
 * @module
 */

import type { Epoch } from "../base/ids.ts";
import { parseAddress } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { parseJailName } from "../base/jail_name.ts";
import type { KnownBan, KnownBans } from "./reported_bans.ts";

/**
 * The first line: the form, whether earlier bans are included, and the epoch of
 * the informed store.
 */
const HEAD =
  /^\{"monitor\.reported":1,"seeded":(true|false),"epoch":(?:null|"([0-9a-f]{32})")\}$/;
const STATES: readonly KnownBan["state"][] = ["reported", "lifted", "left"];

/**
 * Encodes records.
 *
 * @param known The records.
 *
 * @example
 * ```ts
 * import { decodeReportedBans, encodeReportedBans } from "./reported_bans_form.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const known = { epoch: undefined, isSeeded: true, bans: [] };
 * deepStrictEqual(decodeReportedBans(encodeReportedBans(known)), known);
 * ```
 */
export function encodeReportedBans(
  { epoch, isSeeded, bans }: KnownBans,
): string {
  const head = {
    "monitor.reported": 1,
    seeded: isSeeded,
    epoch: epoch ?? null,
  };
  const lines = [JSON.stringify(head)];
  for (const { jail, address, state, endsMs, notedMs, isListed } of bans) {
    const end = endsMs === Infinity ? null : endsMs;
    const listed = isListed === true ? 1 : 0;
    lines.push(JSON.stringify([jail, address, state, end, notedMs, listed]));
  }
  // A truncated file lacks the last line.
  return `${lines.join("\n")}\n[]\n`;
}

/**
 * Decodes what {@link encodeReportedBans} wrote.
 *
 * @param text The stored text.
 * @throws {RuntimeError} when it is anything else.
 */
export function decodeReportedBans(text: string): KnownBans {
  const [head = "", ...lines] = text.split("\n");
  const isWhole = lines.pop() === "" && lines.pop() === "[]";
  const found = HEAD.exec(head);
  if (found === null || !isWhole) throw damaged();
  const epoch = found[2] as Epoch | undefined;
  const isSeeded = found[1] === "true";
  return { epoch, isSeeded, bans: lines.map(decodeLine) };
}

function decodeLine(line: string): KnownBan {
  const [jailText, addressText, state, end, notedMs, listed, ...rest] =
    parseList(line);
  const jail = parseJailName(String(jailText));
  const address = parseAddress(String(addressText));
  const known = STATES.find((each) => each === state);
  const endsMs = end === null ? Infinity : end;
  if (
    jail === undefined || address === undefined || known === undefined ||
    typeof endsMs !== "number" || typeof notedMs !== "number" ||
    listed !== 0 && listed !== 1 || rest.length > 0
  ) throw damaged();
  const isListed = listed === 1;
  return { jail, address, state: known, endsMs, notedMs, isListed };
}

function parseList(line: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(line);
    if (Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged();
}

function damaged(): RuntimeError {
  return new RuntimeError("the list of what was reported is damaged");
}
