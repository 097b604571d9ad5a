/**
 * Results of a test of the cluster, for an operator.
 *
 * @module
 */

import type {
  Disagreement,
  Tested,
  TestedNode,
  TestedProgram,
} from "../wire/operator_testing.ts";
import type { DrilledAction } from "../wire/v2_probes.ts";
import { countedText, countText, spanText } from "./plain_texts.ts";
import { ruleText } from "./why_view.ts";

/** A name, its result, and the delay or time of the last sign of life. */
type Row = readonly [name: string, said: string, beside: string];

/** Fewest characters of each column. */
const WIDTHS = [6, 24] as const;
const US_PER_MS = 1_000;

/** The lines of a test. */
export function testedLines(tested: Tested): readonly string[] {
  const { address, tookUs, refused, nodes, holdMs } = tested;
  const isDrill = nodes.some(({ isDrilled }) => isDrilled);
  const heading = isDrill
    ? `fire drill with ${address}, each node bans it for ${spanText(holdMs)}`
    : `probe ${address}, nobody is banned`;
  const verdict = refused === ""
    ? "accepted and stored"
    : `stored; would refuse a ban: ${ruleText(refused)}`;
  const rows: readonly Row[] = [
    ["hub", verdict, msText(tookUs)],
    ...nodes.flatMap((node) => nodeRows(node, tested)),
  ];
  return [heading, ...rowLines(rows), ...summary(nodes)];
}

/** Whether a node did not answer, or something is wrong. */
export function isFaulty({ nodes }: Tested): boolean {
  return nodes.some((node) =>
    isDeaf(node) || hasOtherRules(node) || hasFailedDrill(node)
  );
}

/** A line of JSON; see `docs/schemas/test.json`. */
export function testedJson(tested: Tested): string {
  const { address, refused, tookUs, nodes } = tested;
  return JSON.stringify({
    address,
    hub: { refused, tookMs: tookUs / US_PER_MS },
    ok: !isFaulty(tested),
    notAnswered: nodes.filter(isDeaf).length,
    nodes: nodes.map((node) => ({
      node: node.node,
      answered: node.programs.length > 0 && !isDeaf(node),
      agrees: !hasOtherRules(node),
      programs: node.programs.map(({ tookUs, ...program }) => ({
        role: program.role,
        outcome: program.outcome,
        tookMs: tookUs === null ? null : tookUs / US_PER_MS,
        disagreements: program.disagreements,
        behind: program.behind,
        logReadAgoMs: program.logReadAgoMs,
        actions: program.actions,
        seenAgoMs: program.seenAgoMs,
      })),
      drill: node.drill,
      drilled: node.isDrilled,
    })),
  });
}

function nodeRows(node: TestedNode, tested: Tested): readonly Row[] {
  const { programs } = node;
  const name: string = node.node;
  if (programs.length === 0) return [[name, "was never here", ""]];
  const kinds = new Set(programs.map((program) => saidOf(program, tested)));
  const first: readonly Row[] = kinds.size === 1
    ? [[name, [...kinds].join(), besideAll(programs)]]
    : programs.map((program, at) => [
      at === 0 ? name : "",
      `${program.role}: ${saidOf(program, tested)}`,
      besideAll([program]),
    ]);
  return [...first, ...differences(programs), ...drillRows(node)];
}

function saidOf(
  { outcome, disagreements }: TestedProgram,
  { waitMs }: Tested,
): string {
  switch (outcome) {
    case "heard":
      return disagreements.length === 0
        ? "heard, rules agree"
        : "heard, rules differ";
    case "silent":
      return `no answer in ${spanText(waitMs)}`;
    case "apart":
      return "not connected";
    case "away":
      return "stopped";
  }
}

/** Details beside the answers: the longest delay, or the last sign of life. */
function besideAll(programs: readonly TestedProgram[]): string {
  const times = programs.flatMap(({ tookUs }) => tookUs ?? []);
  if (times.length === 0) {
    const seen = programs.flatMap(({ seenAgoMs }) => seenAgoMs ?? []);
    return seen.length === 0
      ? "never seen"
      : `last seen ${spanText(Math.min(...seen))} ago`;
  }
  return [
    msText(Math.max(...times)),
    ...programs.flatMap(({ behind }) =>
      behind === null || behind === 0
        ? []
        : [`${countText(behind)} changes behind`]
    ),
    ...programs.flatMap(({ actions }) =>
      actions === 0 ? ["observes only"] : []
    ),
    ...programs.flatMap(({ role, logReadAgoMs }) =>
      role === "monitor" && programs.length === 1 && logReadAgoMs !== null
        ? [`log read ${spanText(logReadAgoMs)} ago`]
        : []
    ),
  ].join(", ");
}

const RULE_TEXTS: Readonly<
  Record<Disagreement["rule"], (node: string, hub: string) => string>
> = {
  verdict: (node, hub) =>
    `a ban: ${ruleText(node)}; on the hub: ${ruleText(hub)}`,
  allowlist: () => "another allowlist than the hub's",
  minprefix4: (node, hub) => `minprefix4 ${node}, the hub's ${hub}`,
  minprefix6: (node, hub) => `minprefix6 ${node}, the hub's ${hub}`,
  allowprivate: (node, hub) => `allowprivate ${node}, the hub's ${hub}`,
};

/** Differences of a host's programs, without duplicates. */
function differences(programs: readonly TestedProgram[]): readonly Row[] {
  const texts = new Set(
    programs.flatMap(({ disagreements }) =>
      disagreements.map(({ rule, node, hub }) => RULE_TEXTS[rule](node, hub))
    ),
  );
  return [...texts].map((text) => ["", text, ""]);
}

function drillRows({ drill, isDrilled }: TestedNode): readonly Row[] {
  if (!isDrilled) return [];
  if (drill === null) return [["", "fire drill: no answer", ""]];
  if (drill.actions.length === 0) {
    return [["", `nothing was banned: ${drill.detail}`, ""]];
  }
  return drill.actions.map((action) => [
    "",
    `${action.name}: ${drilledText(action)}`,
    action.tookMs === 0 ? "" : `in force after ${action.tookMs} ms`,
  ]);
}

function drilledText({ outcome, isSeen, detail }: DrilledAction): string {
  switch (outcome) {
    case "restored":
      return isSeen
        ? "banned, seen, lifted, gone"
        : "banned and lifted, which can't be seen";
    case "standing":
      return "in force before, left as it is";
    case "refused":
      return `refused: ${ruleText(detail)}`;
    case "failed":
      return `not banned: ${detail}`;
    case "unseen":
      return "it says so, and nothing is banned";
    case "left":
      return `not lifted: ${detail}`;
  }
}

function summary(nodes: readonly TestedNode[]): readonly string[] {
  const there = nodes.filter(({ programs }) => programs.length > 0);
  const all = countedText(there.length, "node");
  const faults = [
    [there.filter(isDeaf).length, "did not answer"],
    [there.filter(hasOtherRules).length, "would judge otherwise than the hub"],
    [there.filter(hasFailedDrill).length, "did not ban and lift"],
  ] as const;
  const lines = faults.flatMap(([count, what]) =>
    count === 0 ? [] : [`${countText(count)} of ${all} ${what}`]
  );
  if (lines.length > 0) return lines;
  return [there.length === 0 ? "no node was ever here" : `${all} answered`];
}

function isDeaf({ programs }: TestedNode): boolean {
  return programs.some(({ outcome }) => outcome !== "heard");
}

function hasOtherRules({ programs }: TestedNode): boolean {
  return programs.some(({ disagreements }) => disagreements.length > 0);
}

function hasFailedDrill({ drill, isDrilled }: TestedNode): boolean {
  if (!isDrilled) return false;
  return drill === null ||
    drill.actions.some(({ outcome }) => outcome !== "restored");
}

function msText(us: number): string {
  return `${(us / US_PER_MS).toFixed(1)} ms`;
}

function rowLines(rows: readonly Row[]): readonly string[] {
  const [names, saids] = WIDTHS;
  const name = Math.max(names, ...rows.map(([name]) => name.length));
  const said = Math.max(
    saids,
    ...rows.flatMap(([, said, beside]) => beside === "" ? [] : said.length),
  );
  return rows.map(([first, second, third]) =>
    `${first.padEnd(name)}  ${second.padEnd(said)}  ${third}`.trimEnd()
  );
}
