/**
 * How members are shown to an operator.
 *
 * @module
 */

import { sameHost } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import type { LiveNode } from "../wire/operator_messages.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "./operator_output.ts";

/** How members stand with the running publisher; `undefined`: none runs. */
export type LiveView = readonly LiveNode[] | undefined;

const NOT_RUNNING =
  "the publisher does not run here: who is connected is not known";

/** Members, one below the other. */
export function memberTable(
  members: readonly Member[],
  live: LiveView,
): OperatorOutput {
  if (members.length === 0) {
    const notes = [
      "there are no members yet; fail2ban-cluster node add NAME makes one",
    ];
    return { lines: [], notes };
  }
  const heading = ["NODE", "ROLES", "JAILS", "UNBAN", "RATE", "ADDED"];
  const liveHeading = live === undefined
    ? []
    : ["CONNECTED", "BANS", "REFUSED", "STATE"];
  const rows = members.map((member) => {
    const { name, rights, addedMs } = member;
    return [
      name,
      rights.roles.join(","),
      rights.jails.join(","),
      rights.mayUnban ? "yes" : "no",
      rights.maxPerSecond === null ? "-" : `${rights.maxPerSecond}/s`,
      timeText(addedMs),
      ...(live === undefined ? [] : liveCells(liveOf(member, live))),
    ];
  });
  return {
    lines: tableLines([[...heading, ...liveHeading], ...rows]),
    notes: live === undefined ? [NOT_RUNNING] : [],
  };
}

/** All of a member, one thing a line. Its key is no secret. */
export function memberDetails(
  member: Member,
  live: LiveView,
): OperatorOutput {
  const { name, rights, publicKey, addedMs } = member;
  const rows = [
    ["node", name],
    ["roles", rights.roles.join(", ")],
    ["jails", rights.jails.join(", ")],
    ["may unban for others", rights.mayUnban ? "yes" : "no"],
    [
      "rate",
      rights.maxPerSecond === null
        ? "the publisher's ratelimit"
        : `${rights.maxPerSecond} events in a second`,
    ],
    ["added", timeText(addedMs)],
    ["public key", publicKey],
    ...liveRows(liveOf(member, live)),
  ];
  const notes = live === undefined ? [NOT_RUNNING] : [];
  return { lines: tableLines(rows), notes };
}

/** Members as JSON, without the digests of their tokens. */
export function memberJson(
  value: Member | readonly Member[],
  live: LiveView,
): OperatorOutput {
  const shown = (member: Member) => {
    const { name, publicKey, rights, addedMs } = member;
    const { node: _, ...quota } = liveOf(member, live) ?? { node: name };
    return { name, publicKey, ...rights, addedMs, ...quota };
  };
  const lines = "name" in value
    ? jsonLines(shown(value))
    : jsonLines(value.map(shown));
  return { lines, notes: [] };
}

function liveOf({ name }: Member, live: LiveView): LiveNode | undefined {
  return live?.find(({ node }) => sameHost(node, name));
}

function liveCells(node: LiveNode | undefined): readonly string[] {
  if (node === undefined) return ["-", "-", "-", "not read yet"];
  return [
    connectedText(node),
    String(node.reports),
    String(node.refused),
    node.aside === null ? "ok" : `set aside: ${node.aside.reason}`,
  ];
}

function liveRows(
  node: LiveNode | undefined,
): readonly (readonly string[])[] {
  if (node === undefined) return [];
  const { accepted, known, refused, reports, aside } = node;
  return [
    ["connected", connectedText(node)],
    ["reports that stand", String(reports)],
    ["since the publisher's start", ""],
    ["  accepted", String(accepted)],
    ["  known before", String(known)],
    ["  refused", String(refused)],
    [
      "its reports",
      aside === null
        ? "are taken"
        : `are set aside since ${
          timeText(aside.sinceMs)
        }: ${aside.reason}, ${aside.count} bad ones`,
    ],
  ];
}

function connectedText({ sessions }: LiveNode): string {
  const roles = [...new Set(sessions.map(({ role }) => role))].toSorted();
  return roles.join(",") || "no";
}
