/**
 * Everything known about an address, for an operator.
 *
 * @module
 */

import type {
  EnforcementDetail,
  NodeEnforcement,
} from "../wire/operator_bans.ts";
import type {
  WhyAnswer,
  WhyBan,
  WhyLast,
  WhyRefusal,
} from "../wire/operator_why.ts";
import type { Address } from "../base/address.ts";
import { banEndMs } from "./ban_view.ts";
import { tableLines } from "./operator_output.ts";
import {
  clockText,
  countedText,
  countText,
  dayText,
  isoText,
  nearSpanText,
  spanText,
} from "./plain_texts.ts";

/** A heading and its lines; without lines the section is not shown. */
export type WhySection = readonly [heading: string, lines: readonly string[]];

const HEADING_WIDTH = 11;
/** Most nodes listed. */
const MAX_NODES = 20;
const DAY_MS = 86_400_000;

/** The sections about an address, after {@link whyHeadline}. */
export function whySections(
  why: WhyAnswer,
  nowMs: number,
): readonly WhySection[] {
  return why.bans.length > 0 ? bannedSections(why, nowMs) : freeSections(why);
}

/** The lines of an answer. */
export function whyLines(why: WhyAnswer, nowMs: number): readonly string[] {
  return [
    whyHeadline(why, nowMs),
    ...whySections(why, nowMs).flatMap(([heading, lines]) =>
      lines.map((line, at) =>
        `  ${(at === 0 ? heading : "").padEnd(HEADING_WIDTH)}${line}`.trimEnd()
      )
    ),
  ];
}

/** A line of JSON; see `docs/schemas/why.json`. */
export function whyJson(why: WhyAnswer): string {
  const { last, firstMs, refusal } = why;
  return JSON.stringify({
    address: why.address,
    banned: why.bans.length > 0,
    bans: why.bans.map(({ ban, changes, enforcement, widened, grown }) => ({
      address: ban.address,
      jail: ban.jail,
      pending: ban.isPending,
      ends: isoText(banEndMs(ban)),
      reports: ban.reports.map(({ node, firstMs, lastMs, endsMs }, at) => ({
        node,
        first: isoText(firstMs),
        last: isoText(lastMs),
        ends: isoText(endsMs),
        change: changes[at] ?? null,
      })),
      enforcement,
      widened,
      grown: grown === null ? null : {
        times: grown.times,
        within: grown.withinMs / 1_000,
        factor: grown.factor,
        longest: grown.maxMs / 1_000,
      },
    })),
    before: {
      times: why.times,
      byOperator: why.timesByOperator,
      first: isoText(firstMs),
      knownDays: Math.floor(why.knownMs / DAY_MS),
    },
    last: last === null ? null : {
      jail: last.jail,
      began: isoText(last.beganMs),
      ended: isoText(last.endedMs),
      end: last.end,
      by: last.by,
      nodes: last.nodes,
    },
    refusal,
  });
}

/**
 * A receipt's rule as text: `ignoreip: 192.0.2.0/28` means that ignoreip has
 * that network.
 */
export function ruleText(detail: string): string {
  const [, rule, network] = /^([a-z-]+): (\S+)$/.exec(detail) ?? [];
  if (rule === undefined || network === undefined) return detail;
  return rule === "too-wide"
    ? `wider than ${network}`
    : `${rule} has ${network}`;
}

/** States in a sentence whether an address is banned. */
export function whyHeadline(
  { address, bans }: WhyAnswer,
  nowMs: number,
): string {
  const inForce = bans.filter(({ ban }) => !ban.isPending);
  if (bans.length === 0) return `${address} is not banned.`;
  if (inForce.length === 0) {
    return `${address} is reported, and not banned before more nodes report it.`;
  }
  const isItself = inForce.some(({ ban }) => ban.address === address);
  const around = isItself ? "" : `, with ${inForce[0]?.ban.address ?? ""}`;
  const ends = inForce.map(({ ban }) => banEndMs(ban) ?? Infinity);
  const endMs = Math.max(...ends);
  const end = endMs === Infinity
    ? "until it is taken back"
    : `for ${spanText(endMs - nowMs)} more (until ${timeText(endMs, nowMs)})`;
  return `${address} is banned${around}, ${end}.`;
}

function bannedSections(why: WhyAnswer, nowMs: number): readonly WhySection[] {
  const { address, bans } = why;
  const details = bans.flatMap(({ enforcement }) => enforcement);
  const [subject = address, ...around] = subjectsOf(why);
  return [
    ["reported", reportLines(why, nowMs)],
    ["widened", bans.flatMap(widenedLines)],
    ["grown", bans.flatMap(grownLines)],
    ["enforced", enforcedLines(details)],
    ...([
      "refused",
      "failed",
      "lifted",
      "unknown",
      "left-out",
      "observed",
    ] as const).map(
      (state): WhySection => [STATES[state], detailLines(details, state)],
    ),
    ["before", [beforeText(why)]],
    [
      "end it",
      [
        `fail2ban-cluster unban ${subject}      keep it out: fail2ban-cluster allow add ${address}`,
        ...around.map((each) => `fail2ban-cluster unban ${each}`),
      ],
    ],
  ];
}

/** The banned addresses: the address itself first, then those around it. */
function subjectsOf({ address, bans }: WhyAnswer): readonly Address[] {
  const all = [...new Set(bans.map(({ ban }) => ban.address))];
  return all.toSorted((left, right) =>
    Number(right === address) - Number(left === address)
  );
}

const STATES: Readonly<Record<Exclude<NodeEnforcement, "applied">, string>> = {
  refused: "refused",
  failed: "failed",
  lifted: "lifted at",
  unknown: "no word of",
  "left-out": "left out",
  observed: "observed",
};

function freeSections(why: WhyAnswer): readonly WhySection[] {
  const { address, last, refusal } = why;
  return [
    ["last", last === null ? [] : [lastText(last)]],
    ["before", [beforeText(why)]],
    refusal === null
      ? ["refused", ["by nothing: a report of it would count"]]
      : ["refused", [refusalText(refusal)]],
    [
      "ban it",
      refusal === null ? [`fail2ban-cluster ban ${address}`] : [],
    ],
  ];
}

function reportLines(why: WhyAnswer, nowMs: number): readonly string[] {
  const hasAddress = why.bans.some(({ ban }) => ban.address !== why.address);
  return tableLines(
    why.bans.flatMap((each) => reportRows(each, hasAddress, nowMs)),
  );
}

function reportRows(
  { ban, changes }: WhyBan,
  hasAddress: boolean,
  nowMs: number,
): readonly (readonly string[])[] {
  return ban.reports.map(({ node, lastMs, endsMs }, at) => {
    const change = changes[at] ?? null;
    return [
      node,
      ban.jail,
      ...(hasAddress ? [ban.address] : []),
      timeText(lastMs, nowMs),
      endsMs === null ? "for ever" : `for ${nearSpanText(endsMs - lastMs)}`,
      change === null ? "" : `change ${countText(change)}`,
    ];
  });
}

function widenedLines({ ban, widened }: WhyBan): readonly string[] {
  if (widened === null) return [];
  const { after, members, some } = widened;
  const count = members === 1
    ? "1 of its addresses is banned"
    : `${countText(members)} of its addresses are banned`;
  const more = members - some.length;
  const rest = more > 0 ? ` and ${countText(more)} more` : "";
  return [
    `${ban.address} in ${ban.jail}: ${count}, ${after} ${
      after === 1 ? "is" : "are"
    } enough:`,
    `${some.join(" ")}${rest}`,
  ];
}

function grownLines({ ban, grown }: WhyBan): readonly string[] {
  if (grown === null) return [];
  const { times, withinMs, factor, maxMs } = grown;
  const longer = Number((factor ** times).toPrecision(3));
  return [
    `${ban.address} in ${ban.jail}: came again ${timesText(times)} within ${
      spanText(withinMs)
    }: ${countText(longer)} times as long, ${spanText(maxMs)} at most`,
  ];
}

function enforcedLines(
  details: readonly EnforcementDetail[],
): readonly string[] {
  const applied = details.filter(({ state }) => state === "applied");
  const nodes = new Set(applied.map(({ node }) => node));
  if (nodes.size === 0) {
    const isAwaited = details.some(({ state }) => state === "unknown");
    return [isAwaited || details.length === 0 ? "nowhere yet" : "nowhere"];
  }
  const actions = new Map<string, number>();
  for (const { action } of applied) {
    actions.set(action, (actions.get(action) ?? 0) + 1);
  }
  const counts = [...actions].map(([action, count]) => `${action} ${count}`);
  const what = countedText(nodes.size, "node");
  return [`${what} (${counts.toSorted().join(", ")})`];
}

function detailLines(
  details: readonly EnforcementDetail[],
  state: NodeEnforcement,
): readonly string[] {
  const all = details.filter((each) => each.state === state)
    .map(({ node, detail }) => [node, ruleText(detail)]);
  // An address and the network around it may have the same detail.
  const rows = [...new Map(all.map((row) => [row.join(" "), row])).values()];
  const more = rows.length - MAX_NODES;
  return [
    ...tableLines(rows.slice(0, MAX_NODES)),
    ...(more > 0 ? [`and ${countText(more)} more`] : []),
  ];
}

function beforeText(
  { times, timesByOperator, firstMs, knownMs }: WhyAnswer,
): string {
  const days = `${Math.floor(knownMs / DAY_MS)} d`;
  if (times === 0 || firstMs === null) return `never in ${days}`;
  const by = timesByOperator === 0
    ? "never by an operator"
    : `${timesText(timesByOperator)} by an operator`;
  return `${timesText(times)} in ${days}, first ${dayText(firstMs)}; ${by}`;
}

function timesText(times: number): string {
  return times === 1 ? "once" : `${countText(times)} times`;
}

function lastText({ jail, beganMs, endedMs, end, by }: WhyLast): string {
  const times = `${dayText(beganMs)} ${clockText(beganMs)} for ${
    spanText(endedMs - beganMs)
  }`;
  return `${jail}, ${times}; ${END_TEXTS[end](by)}`;
}

const END_TEXTS: Readonly<Record<WhyLast["end"], (by: string) => string>> = {
  expiry: () => "its time was over",
  withdraw: (by) => `taken back by ${by}`,
  operator: (by) => by === "" ? "lifted by an operator" : `lifted by ${by}`,
  allowlist: () => "lifted by the allowlist",
  node: (by) => `lifted by ${by}`,
};

function refusalText({ rule, because, note }: WhyRefusal): string {
  const reason = note === "" ? "" : ` (${note})`;
  return `${
    ruleText(`${rule}: ${because}`)
  }${reason}: a report of it would not count`;
}

/** The time of day; with the date unless it is today's. */
function timeText(ms: number, nowMs: number): string {
  return dayText(ms) === dayText(nowMs)
    ? clockText(ms)
    : `${dayText(ms)} ${clockText(ms)}`;
}
