/**
 * Results of a ban or unban, for an operator.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { isNodeOrigin } from "../base/operator_name.ts";
import type {
  LocalUnban,
  Steered,
  SteeredReport,
} from "../wire/operator_steering.ts";
import { tableLines } from "./operator_output.ts";
import { countedText, countText, spanText } from "./plain_texts.ts";
import { ruleText } from "./why_view.ts";

/** Most nodes named in a line. */
const MAX_NAMED = 5;

/** The result of a ban. */
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
    `${what}; ${
      outcomeText(
        "in force",
        "in force on no node: none enforces bans",
        steered,
      )
    }`,
    ...failureLines(steered),
  ];
}

/** The result of an unban. */
export function liftedLines(
  subject: string,
  steered: Steered,
): readonly string[] {
  const names = [...new Set(steered.reports.map(({ node }) => node))];
  const reports = names.length === 0
    ? ""
    : ` (${names.length === 1 ? "report" : "reports"} of ${named(names)})`;
  const what = steered.bans === 0
    ? `${subject} was lifted before${reports}`
    : `lifted ${subject}${reports}; ${
      outcomeText("gone", "no node had it in force for the cluster", steered)
    }`;
  return [what, ...failureLines(steered), ...localLines(steered)];
}

const LOCAL_TEXTS: Readonly<
  Record<LocalUnban["outcome"], (detail: string) => string>
> = {
  lifted: () => "lifted it, too",
  absent: () => "had it no more",
  off: () => "may not be asked: localunban = true in its [general] allows it",
  failed: (detail) => `could not: ${detail}`,
  silent: () => "did not answer in time",
  away: () => "can't be asked: none of its programs is connected",
};

function localLines({ local }: Steered): readonly string[] {
  return tableLines(
    local.map(({ node, jail, outcome, detail }) => [
      "  local",
      node,
      jail,
      LOCAL_TEXTS[outcome](detail),
    ]),
  );
}

/**
 * Hints about fail2bans that reported an address and still ban it.
 *
 * @param isAsked Whether they were asked.
 */
export function localHints(
  address: Address,
  { reports, local }: Steered,
  isAsked: boolean,
): readonly string[] {
  const isLeft = ({ node, jail }: SteeredReport) =>
    isNodeOrigin(node) &&
    !local.some((each) =>
      each.node === node && each.jail === jail &&
      (each.outcome === "lifted" || each.outcome === "absent")
    );
  return reports.filter(isLeft).map(({ node, jail }) =>
    `hint: ${node}'s own fail2ban still has it in ${jail}` +
    (isAsked
      ? `: fail2ban-client set ${jail} unbanip ${address} there`
      : "; --local asks it to unban, too")
  );
}

/** Hints about networks with which an address is still banned. */
export function aroundHints(
  address: Address,
  { around }: Steered,
): readonly string[] {
  return around.map((network) =>
    `hint: ${address} is banned with ${network}: fail2ban-cluster unban ${network}`
  );
}

/** A line of JSON; see `docs/schemas/steered.json`. */
export function steeredJson(steered: Steered): string {
  const { bans, reports, done, expected, tookMs } = steered;
  const { silent, failed, local, around } = steered;
  return JSON.stringify({
    bans,
    reports,
    done,
    expected,
    tookMs,
    silent,
    failed,
    local,
    around,
  });
}

function outcomeText(
  what: string,
  none: string,
  { done, expected, tookMs, silent }: Steered,
): string {
  if (expected === 0) return none;
  const seconds = (tookMs / 1_000).toFixed(1);
  const nodes = countedText(expected, "node");
  const rest = silent.length === 0
    ? ""
    : ` (${named(silent)} ${silent.length === 1 ? "is" : "are"} silent)`;
  return `${what} on ${countText(done)} of ${nodes} after ${seconds} s${rest}`;
}

function failureLines({ failed }: Steered): readonly string[] {
  return tableLines(
    failed.toSorted((left, right) => left.node < right.node ? -1 : 1).map((
      { node, state, detail },
    ) => [`  ${state}`, node, ruleText(detail)]),
  );
}

function named(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
