/**
 * The state of the cluster, or of a node's programs, for an operator.
 *
 * @module
 */

import type { NodeRole } from "../base/ids.ts";
import type { Membership } from "../members/member.ts";
import {
  publisherAddresses,
  publisherHosts,
} from "../members/moved_publisher.ts";
import type { StatusReport } from "../service/status_report.ts";
import type {
  ClusterStatus,
  LastHour,
  NodeCounts,
} from "../wire/operator_status.ts";
import { countedText, countText, spanText } from "./plain_texts.ts";

/** A program of this host. */
export type ProgramView =
  | { readonly kind: "stopped"; readonly role: NodeRole }
  | {
    readonly kind: "running";
    readonly role: NodeRole;
    readonly report: StatusReport;
  }
  /** It runs, but can't be asked. */
  | {
    readonly kind: "mute";
    readonly role: NodeRole;
    readonly reason: string;
  };

/** Width of a line's label. */
const LABEL_WIDTH = 12;
/** Column of the suggested command. */
const NEXT_COLUMN = 52;
const GAP = "   ";
const HOUR_MS = 3_600_000;
/** Load in percent of a core from which a line is shown, as in the log. */
const BUSY_PERCENT = 80;

/** The lines for a hub. */
export function statusLines(status: ClusterStatus): readonly string[] {
  const { storeTrouble, waiting } = status;
  return [
    line("hub", hubText(status)),
    ...(waiting === 0 ? [] : [
      line(
        "waiting",
        `${countedText(waiting, "ban")} more, for their quorum`,
      ),
    ]),
    ...(storeTrouble === "" ? [] : [line("store", storeTrouble)]),
    ...limitLines(status),
    line("nodes", nodesText(status.nodes), "fail2ban-cluster nodes"),
    enforcedLine(status),
    ...observedLines(status),
    line(spanLabel(status.lastHour.spanMs), hourText(status.lastHour)),
    ...status.lists.map((place, at) => line(at === 0 ? "lists" : "", place)),
  ];
}

/** A line of JSON for a hub; see `docs/schemas/status.json`. */
export function statusJson(status: ClusterStatus): string {
  const { version, upMs, bans, waiting, change, storeTrouble } = status;
  const { backupAgoMs, threads, nodes, enforced, lastHour } = status;
  return JSON.stringify({
    kind: "hub",
    version,
    upSeconds: secondsOf(upMs),
    bans,
    waiting,
    change,
    store: storeTrouble === "" ? "ok" : storeTrouble,
    backupSeconds: backupAgoMs === null ? null : secondsOf(backupAgoMs),
    threads,
    nodes,
    enforced,
    lastHour: {
      seconds: secondsOf(lastHour.spanMs),
      new: lastHour.began,
      ended: lastHour.ended,
      refused: lastHour.refused,
    },
    lists: status.lists,
  });
}

/** A node's name, and its hub's addresses. */
export type JoinedNode = Pick<
  Membership,
  "node" | "controlUrl" | "streamUrl" | "moved"
>;

/** The lines for a node. */
export function nodeStatusLines(
  membership: JoinedNode,
  programs: readonly ProgramView[],
): readonly string[] {
  const { node } = membership;
  const hub = publisherHosts(membership).join(" or ");
  return [
    line(
      "node",
      `${node}${GAP}its hub is ${hub}`,
      "fail2ban-cluster status there: the cluster",
    ),
    ...programs.flatMap((program) => [
      line(program.role, programText(program)),
      ...[...actionTexts(program), ...observedTexts(program)].map((text) =>
        line("", text)
      ),
    ]),
  ];
}

/** A line of JSON for a node; see `docs/schemas/status.json`. */
export function nodeStatusJson(
  membership: JoinedNode,
  programs: readonly ProgramView[],
): string {
  const { node, controlUrl } = membership;
  const [last] = publisherAddresses(membership);
  return JSON.stringify({
    kind: "node",
    node,
    hub: last?.controlUrl ?? controlUrl,
    programs: programs.map(programJson),
  });
}

function line(label: string, text: string, next = ""): string {
  const start = `${label.padEnd(LABEL_WIDTH)}${text}`;
  return next === "" ? start : `${start.padEnd(NEXT_COLUMN - 3)}${GAP}${next}`;
}

function hubText(status: ClusterStatus): string {
  const { version, upMs, bans, change } = status;
  const { storeTrouble, backupAgoMs } = status;
  return [
    `publisher ${version}`,
    `up ${spanText(upMs)}`,
    countedText(bans, "ban"),
    `change ${countText(change)}`,
    storeTrouble === "" ? "store ok" : "store fails",
    backupAgoMs === null ? "no backup" : `backup ${spanText(backupAgoMs)} old`,
  ].join(GAP);
}

/** Lines for threads whose load limits the publisher. */
function limitLines({ threads }: ClusterStatus): readonly string[] {
  if (threads === null) return [];
  const { mainPercent, ioPercent } = threads;
  const all = [
    ["the publisher's own thread", mainPercent],
    ["ZeroMQ's I/O thread", ioPercent],
  ] as const;
  return all.filter(([, percent]) => percent >= BUSY_PERCENT)
    .map(([which, percent]) =>
      line("limit", `${which}: ${percent} % of a core for 10 s`)
    );
}

const STATE_TEXTS: readonly (readonly [keyof NodeCounts, string])[] = [
  ["ok", "ok"],
  ["silent", "silent"],
  ["away", "away"],
  ["never", "never there"],
  ["aside", "set aside"],
];

function nodesText(nodes: NodeCounts): string {
  const texts = STATE_TEXTS.flatMap(([state, text]) =>
    nodes[state] === 0 ? [] : [`${countText(nodes[state])} ${text}`]
  );
  return texts.length === 0 ? "none" : texts.join(GAP);
}

function enforcedLine(
  { enforced: { inForce, expected, nodes } }: ClusterStatus,
): string {
  if (nodes === 0) {
    return line("enforced", "on no node: none enforces bans");
  }
  const where = countedText(nodes, "node");
  const text = `${countText(inForce)} of ${countText(expected)} on ${where}`;
  const missing = expected - inForce;
  return missing === 0 ? line("enforced", text) : line(
    "enforced",
    text,
    `${countText(missing)} not: fail2ban-cluster bans --not-enforced`,
  );
}

/** Observed bans count separately: they are not missing. */
function observedLines(
  { enforced: { observed, observers } }: ClusterStatus,
): readonly string[] {
  if (observers === 0) return [];
  const where = countedText(observers, "node");
  return [line("observed", `${countText(observed)} on ${where}`)];
}

/** Label of the period: shorter than an hour after the publisher's start. */
function spanLabel(spanMs: number): string {
  return spanMs >= HOUR_MS ? "last hour" : `last ${spanText(spanMs)}`;
}

function hourText({ began, ended, refused }: LastHour): string {
  const sum = refused.reduce((all, { count }) => all + count, 0);
  const rules = refused.map(({ rule, count }) => `${countText(count)} ${rule}`);
  return [
    `${countText(began)} new`,
    `${countText(ended)} ended`,
    sum === 0 ? "0 refused" : `${countText(sum)} refused (${rules.join(", ")})`,
  ].join(GAP);
}

function programText(program: ProgramView): string {
  switch (program.kind) {
    case "stopped":
      return "does not run";
    case "mute":
      return program.reason;
    case "running": {
      const { version, upSeconds } = program.report;
      return [
        version,
        `up ${spanText(upSeconds * 1_000)}`,
        ...figureTexts(program.role, program.report.figures),
      ].join(GAP);
    }
  }
}

function figureTexts(
  role: NodeRole,
  figures: StatusReport["figures"],
): readonly string[] {
  const { publisherAnswers, unanswered, bans, seq, following } = figures;
  switch (role) {
    case "monitor":
      return [
        publisherAnswers === true
          ? "its hub answers"
          : "its hub does not answer",
        ...countOf(unanswered, "waits", "wait", "report"),
      ];
    case "subscriber":
      return [
        ...countOf(bans, "", "", "ban"),
        ...(typeof seq === "number" ? [`change ${countText(seq)}`] : []),
        ...(following === undefined ? [] : [
          following === true ? "follows its hub" : "does not follow its hub",
        ]),
      ];
  }
}

function countOf(
  value: unknown,
  one: string,
  many: string,
  what: string,
): readonly string[] {
  if (typeof value !== "number") return [];
  const verb = value === 1 ? one : many;
  return [`${countedText(value, what)} ${verb}`.trimEnd()];
}

/** Joins `fail2banclient.inForce` and `fail2banclient.failing`. */
function actionTexts(program: ProgramView): readonly string[] {
  if (program.kind !== "running") return [];
  const { figures } = program.report;
  return Object.entries(figures).flatMap(([name, value]) => {
    const [, action] = /^(.+)\.inForce$/.exec(name) ?? [];
    if (action === undefined || typeof value !== "number") return [];
    const failing = figures[`${action}.failing`];
    const fails = typeof failing === "number" && failing > 0
      ? `, ${countText(failing)} failing`
      : "";
    return [`${action}: ${countText(value)} in force${fails}`];
  });
}

/** What would have been done, if the node observes bans. */
function observedTexts(program: ProgramView): readonly string[] {
  if (program.kind !== "running") return [];
  const { figures } = program.report;
  const [wanted, ...past] = ["wanted", "banned", "lifted", "refused"].map(
    (name) => figures[`observed.${name}`],
  ).map((value) => typeof value === "number" ? value : undefined);
  if (wanted === undefined) return [];
  const [banned, lifted, refused] = past.map((count) => countText(count ?? 0));
  return [
    `observes: ${
      countText(wanted)
    } would be in force; would have banned ${banned}, lifted ${lifted}, refused ${refused}`,
  ];
}

function programJson(program: ProgramView) {
  const { role } = program;
  switch (program.kind) {
    case "stopped":
      return { role, state: "stopped" };
    case "mute":
      return { role, state: "mute", reason: program.reason };
    case "running": {
      const { version, upSeconds, figures } = program.report;
      return { role, state: "running", version, upSeconds, figures };
    }
  }
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1_000);
}
