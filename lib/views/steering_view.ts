/**
 * What came of a ban or an unban, as an operator reads it.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { isOperatorOrigin } from "../base/operator_name.ts";
import type { Steered } from "../wire/operator_steering.ts";
import { tableLines } from "./operator_output.ts";
import { countText, spanText } from "./plain_texts.ts";
import { ruleText } from "./why_view.ts";

/** Nodes that are named in a line. */
const MAX_NAMED = 5;

/** What came of a ban. */
export function bannedLines(
  address: Address,
  forMs: number | null,
  steered: Steered,
): readonly string[] {
  const span = forMs === null ? "for ever" : `for ${spanText(forMs)}`;
  const what = steered.bans === 0
    ? `${address} was banned ${span} or longer already`
    : `banned ${address} ${span}`;
  return [
    `${what}; ${outcomeText("in force", steered)}`,
    ...failureLines(steered),
  ];
}

/** What came of an unban. */
export function liftedLines(
  subject: string,
  steered: Steered,
): readonly string[] {
  const names = [...new Set(steered.reports.map(({ node }) => node))];
  const reports = names.length === 0
    ? ""
    : ` (${names.length === 1 ? "report" : "reports"} of ${named(names)})`;
  return [
    `lifted ${subject}${reports}; ${outcomeText("gone", steered)}`,
    ...failureLines(steered),
  ];
}

/** That fail2bans that reported an address go on with it by themselves. */
export function localHints(
  address: Address,
  { reports }: Steered,
): readonly string[] {
  return reports.filter(({ node }) =>
    !isOperatorOrigin(node) && !node.includes(":")
  ).map(({ node, jail }) =>
    `hint: ${node}'s own fail2ban still has it in ${jail}: ` +
    `fail2ban-client set ${jail} unbanip ${address} there`
  );
}

/** A line of JSON; `docs/schemas/steered.json` says what is in it. */
export function steeredJson(steered: Steered): string {
  const { bans, reports, done, expected, tookMs, silent, failed } = steered;
  return JSON.stringify({
    bans,
    reports,
    done,
    expected,
    tookMs,
    silent,
    failed,
  });
}

function outcomeText(
  what: string,
  { done, expected, tookMs, silent }: Steered,
): string {
  if (expected === 0) return `${what} on no node: none has said that it should`;
  const seconds = (tookMs / 1_000).toFixed(1);
  const nodes = expected === 1 ? "1 node" : `${countText(expected)} nodes`;
  const rest = silent.length === 0
    ? ""
    : ` (${named(silent)} ${silent.length === 1 ? "is" : "are"} silent)`;
  return `${what} on ${countText(done)} of ${nodes} after ${seconds} s${rest}`;
}

function failureLines({ failed }: Steered): readonly string[] {
  return tableLines(
    failed.map((
      { node, state, detail },
    ) => [`  ${state}`, node, ruleText(detail)]),
  );
}

function named(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
