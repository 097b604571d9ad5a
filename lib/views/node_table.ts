/**
 * The state of the nodes, for `node list`.
 *
 * @module
 */

import { alignedTable, type TableColumn } from "./aligned_table.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { BadKind } from "../members/breaker.ts";
import type { Member } from "../members/member.ts";
import {
  choiceText,
  observesSome,
  TAKE_ALL,
} from "../choice/receiver_choice.ts";
import type {
  ActionState,
  NodeCondition,
  ObservedState,
} from "../wire/v2_messages.ts";
import type { LiveNode, LiveRole } from "../wire/operator_status.ts";
import type { LiveView } from "./member_view.ts";
import type { OperatorOutput } from "./operator_output.ts";
import { countText, spanText } from "./plain_texts.ts";

/** A node in one line; see `docs/schemas/nodes.json`. */
export interface NodeRow {
  /** The member's name. */
  readonly node: string;
  /** `unknown`: the publisher does not run here. */
  readonly state:
    | "ok"
    | "silent"
    | "away"
    | "never"
    | "set aside"
    | "unknown";
  /** Seconds since its last sign of life. */
  readonly seenSeconds: number | null;
  /** Versions of its programs, without duplicates. */
  readonly versions: readonly string[];
  /** Number of changes that its copy is behind. */
  readonly lag: number | null;
  /** Its reports that are in force. */
  readonly reports: number | null;
  /** Bans in force there, at the action with the fewest. */
  readonly inForce: number | null;
  /** Bans that should be in force. */
  readonly wanted: number | null;
  /** Its events that were refused since the publisher's start. */
  readonly refused: number | null;
  /** Bans that its actions failed on and retry. */
  readonly failed: number | null;
  /** Its unacknowledged reports. */
  readonly unacknowledged: number | null;
  /** Its subscriber's choice of bans, in words; empty: all, or not known. */
  readonly choice: string;
  /** What it would have done about observed bans; `null`: none or unknown. */
  readonly observed: ObservedState | null;
  /** A recommended step; empty: none. */
  readonly note: string;
  readonly roles: readonly RoleRow[];
}

/** A role of a node. */
export interface RoleRow {
  readonly role: LiveRole["role"];
  readonly state: LiveRole["state"];
  readonly seenSeconds: number | null;
  readonly version: string | null;
  /** Age in seconds of the last line that its monitor read. */
  readonly logReadSeconds: number | null;
  /** Whether its copy follows the publisher. */
  readonly following: boolean | null;
  readonly actions: readonly ActionState[];
}

/** Age from which a waiting report needs attention. */
const OLD_REPORT_MS = 60_000;

const COLUMNS: readonly TableColumn[] = [
  { heading: "NODE" },
  { heading: "STATE" },
  { heading: "SEEN", minWidth: 7 },
  { heading: "VERSION" },
  { heading: "LAG", align: "right" },
  { heading: "REPORTS", align: "right" },
  { heading: "IN FORCE", align: "right" },
  { heading: "REFUSED", align: "right" },
  { heading: "FAILED", align: "right" },
  { heading: "" },
];

const NOT_RUNNING =
  "the publisher does not run here: how the nodes are is not known";

/** A table in the order of the member list. */
export function nodeTable(
  members: readonly Member[],
  live: LiveView,
): OperatorOutput {
  if (members.length === 0) {
    const notes = [
      "there are no members yet; fail2ban-cluster node add NAME makes one",
    ];
    return { lines: [], notes };
  }
  const lines = alignedTable(
    COLUMNS,
    nodeRows(members.map(({ name }) => name), live).map(cellsOf),
  );
  return { lines, notes: live === undefined ? [NOT_RUNNING] : [] };
}

/** One JSON object per line. */
export function nodeJson(
  members: readonly Member[],
  live: LiveView,
): OperatorOutput {
  const rows = nodeRows(members.map(({ name }) => name), live);
  return {
    lines: rows.map((row) => JSON.stringify(row)),
    notes: live === undefined ? [NOT_RUNNING] : [],
  };
}

/** The state of each member. */
export function nodeRows(
  names: readonly HostName[],
  live: LiveView,
): readonly NodeRow[] {
  return names.map((name) => {
    const node = live?.find((each) => sameHost(each.node, name));
    return node === undefined ? unknownRow(name) : rowOf(node);
  });
}

function unknownRow(node: string): NodeRow {
  return {
    node,
    state: "unknown",
    seenSeconds: null,
    versions: [],
    lag: null,
    reports: null,
    inForce: null,
    wanted: null,
    refused: null,
    failed: null,
    unacknowledged: null,
    choice: "",
    observed: null,
    note: "",
    roles: [],
  };
}

function rowOf(live: LiveNode): NodeRow {
  const { node, state, seenAgoMs, roles, reports, refused } = live;
  const versions = roles.flatMap(({ version }) => version ?? []);
  // Only of connected subscribers: what others have in force is not known.
  const actions = roles.filter(({ state }) => state === "ok")
    .flatMap(actionsOf);
  const [least] = actions.toSorted((left, right) =>
    left.inForce - right.inForce
  );
  const { choice, observed } = subscriberOf(roles) ??
    { choice: TAKE_ALL, observed: null };
  return {
    node,
    state: state === "aside" ? "set aside" : state,
    seenSeconds: secondsOf(seenAgoMs),
    versions: [...new Set(versions)],
    lag: roles.find(({ lag }) => lag !== null)?.lag ?? null,
    reports,
    inForce: least?.inForce ?? null,
    wanted: least?.wanted ?? null,
    refused,
    failed: actions.reduce((sum, { failing }) => sum + failing, 0),
    unacknowledged: unacknowledgedOf(roles),
    choice: choiceText(choice),
    observed: observesSome(choice) ? observed : null,
    note: noteOf(live),
    roles: roles.map(roleRow),
  };
}

function roleRow(
  live: LiveRole,
): RoleRow {
  const { role, state, seenAgoMs, version, condition } = live;
  const isMonitor = condition?.kind === "monitor";
  const isSubscriber = condition?.kind === "subscriber";
  return {
    role,
    state,
    seenSeconds: secondsOf(seenAgoMs),
    version,
    logReadSeconds: secondsOf(isMonitor ? condition.logReadAgoMs : null),
    following: isSubscriber ? condition.isFollowing : null,
    actions: actionsOf(live),
  };
}

/** The subscriber's last STATE, if any. */
function subscriberOf(
  roles: readonly LiveRole[],
): Extract<NodeCondition, { readonly kind: "subscriber" }> | undefined {
  for (const { condition } of roles) {
    if (condition?.kind === "subscriber") return condition;
  }
  return undefined;
}

function actionsOf({ condition }: LiveRole): readonly ActionState[] {
  return condition?.kind === "subscriber" ? condition.actions : [];
}

function unacknowledgedOf(roles: readonly LiveRole[]): number | null {
  for (const { condition } of roles) {
    if (condition?.kind === "monitor") return condition.unacknowledged;
  }
  return null;
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1_000);
}

function cellsOf(row: NodeRow): readonly string[] {
  const { node, state, seenSeconds, versions, note } = row;
  const { lag, reports, inForce, refused, failed } = row;
  return [
    node,
    state,
    seenSeconds === null ? "-" : spanText(seenSeconds * 1_000),
    versions.join("/") || "-",
    ...[lag, reports, inForce, refused, failed].map((count) =>
      count === null ? "-" : String(count)
    ),
    note === "" ? choiceCell(row) : ` ${note}`,
  ];
}

function choiceCell({ choice, observed }: NodeRow): string {
  if (choice === "") return "";
  return observed === null
    ? ` ${choice}`
    : ` ${choice}: ${countText(observed.wanted)} would be in force`;
}

const ASIDE_REASONS: Readonly<Record<BadKind, string>> = {
  refused: "too many refused",
  protected: "too many protected addresses",
  malformed: "too many malformed messages",
  flood: "too many messages",
};

/** The first recommended step. */
function noteOf({ node, aside, state, roles }: LiveNode): string {
  if (aside !== null) {
    return `${ASIDE_REASONS[aside.reason]}: node release ${node}`;
  }
  if (roles.some(({ hasTwin }) => hasTwin)) {
    return "its join code is used on a second host: node add NAME for that";
  }
  if (state === "never") return "not joined yet: join NAME CODE there";
  const absent = roles.filter((role) => role.state === state);
  const others = roles.filter((role) => role.state !== state);
  if (state !== "ok" && others.some((role) => role.state === "ok")) {
    const names = absent.map(({ role }) => role).join(", ");
    return `${names} ${state === "away" ? "stopped" : "silent"}`;
  }
  const old = roles.find(({ condition }) =>
    condition?.kind === "monitor" &&
    (condition.oldestAgoMs ?? 0) > OLD_REPORT_MS
  );
  if (state === "ok" && old !== undefined) return "reports wait: see its log";
  const fails = roles.flatMap(actionsOf).find(({ failing }) => failing > 0);
  if (state !== "ok" || fails === undefined) return "";
  return `${fails.name} fails: fail2ban-subscriber status there`;
}
