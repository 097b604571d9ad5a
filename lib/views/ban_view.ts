/**
 * Shows bans to an operator: as a table, JSON or CSV.
 *
 * @module
 */

import type { OperatorBan } from "../wire/operator_bans.ts";
import { csvLine, isoText, spanText } from "./plain_texts.ts";
import type { TableLayout } from "./operator_output.ts";

/** The table's columns; jails and nodes shrink on a narrow terminal. */
export const BAN_LAYOUT: TableLayout = {
  heading: ["ADDRESS", "JAIL", "REPORTED BY", "SINCE", "ENDS IN", "ENFORCED"],
  shrinking: [1, 2],
};
/** Most nodes that are named; the others are counted. */
const MAX_NAMED = 3;
/** The columns of a CSV file, for its first line. */
export const BAN_CSV_HEADING = csvLine([
  "address",
  "jail",
  "nodes",
  "since",
  "ends",
  "pending",
  "enforced",
  "expected",
]);

/** A row of the table. */
export function banRow(ban: OperatorBan, nowMs: number): readonly string[] {
  const { address, jail, reports } = ban;
  const names = reports.map(({ node }) => node);
  const more = names.length - MAX_NAMED;
  const endsMs = banEndMs(ban);
  return [
    address,
    jail,
    [...names.slice(0, MAX_NAMED), ...(more > 0 ? [`+${more}`] : [])].join(" "),
    spanText(nowMs - beganMs(ban)),
    endsMs === null ? "never" : spanText(endsMs - nowMs),
    enforcedText(ban),
  ];
}

/** Number of nodes that have the ban in force, and of those that should. */
export function enforcedText(
  { isPending, enforced, expected, observed }: OperatorBan,
): string {
  if (isPending) return "waits";
  const parts = [
    ...(expected === 0 ? [] : [`${enforced}/${expected}`]),
    ...(observed === 0
      ? []
      : [`${observed} observe${observed === 1 ? "s" : ""}`]),
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** A line of JSON; see `docs/schemas/bans.json`. */
export function banJson(ban: OperatorBan): string {
  const { address, jail, reports, isPending, change } = ban;
  return JSON.stringify({
    address,
    jail,
    since: isoText(beganMs(ban)),
    ends: isoText(banEndMs(ban)),
    pending: isPending,
    change,
    reports: reports.map(({ node, firstMs, lastMs, endsMs }) => ({
      node,
      first: isoText(firstMs),
      last: isoText(lastMs),
      ends: isoText(endsMs),
    })),
    enforced: ban.enforced,
    expected: ban.expected,
    observed: ban.observed,
    missing: ban.missing,
  });
}

/** A line of CSV. */
export function banCsv(ban: OperatorBan): string {
  const { address, jail, reports, isPending, enforced, expected } = ban;
  const nodes = reports.map(({ node }) => node).join(" ");
  const times = [beganMs(ban), banEndMs(ban)].map((ms) => isoText(ms) ?? "");
  return csvLine([
    ...[address, jail, nodes, ...times, String(isPending)],
    enforced,
    expected,
  ]);
}

/** When the ban was first reported. */
export function beganMs({ reports }: OperatorBan): number {
  return Math.min(...reports.map(({ firstMs }) => firstMs));
}

/** When the ban's last report ends; `null`: never. */
export function banEndMs({ reports }: OperatorBan): number | null {
  const ends = reports.map(({ endsMs }) => endsMs ?? Infinity);
  const last = Math.max(...ends);
  return last === Infinity ? null : last;
}
