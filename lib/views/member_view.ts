/**
 * Shows a member to an operator.
 *
 * @module
 */

import { choiceText, observesSome } from "../choice/receiver_choice.ts";
import { sameHost } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";
import type { LiveNode, LiveRole } from "../wire/operator_status.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "./operator_output.ts";
import { spanText } from "./plain_texts.ts";

/** Live states of the members; `undefined`: no publisher runs here. */
export type LiveView = readonly LiveNode[] | undefined;

const NOT_RUNNING =
  "the publisher does not run here: who is connected is not known";

/** The details of a member, one per line. Its public key is no secret. */
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

/** A member as JSON, without its token's digest. */
export function memberJson(member: Member, live: LiveView): OperatorOutput {
  const { name, publicKey, rights, addedMs } = member;
  const { node: _, ...quota } = liveOf(member, live) ?? { node: name };
  const shown = { name, publicKey, ...rights, addedMs, ...quota };
  return { lines: jsonLines(shown), notes: [] };
}

function liveOf({ name }: Member, live: LiveView): LiveNode | undefined {
  return live?.find(({ node }) => sameHost(node, name));
}

function liveRows(
  node: LiveNode | undefined,
): readonly (readonly string[])[] {
  if (node === undefined) return [];
  const { roles, accepted, known, refused, reports, aside } = node;
  return [
    ...roles.flatMap((role) => [
      [role.role, roleText(role)],
      ...conditionRows(role),
    ]),
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

function roleText(
  { state, seenAgoMs, version, lag, hasTwin }: LiveRole,
): string {
  const seen = seenAgoMs === null ? "" : `, seen ${spanText(seenAgoMs)} ago`;
  const behind = lag === null ? "" : `, ${lag} changes behind`;
  return [
    `${STATE_TEXTS[state]}${seen}`,
    version === null ? "" : `, version ${version}`,
    behind,
    hasTwin ? ", and another host uses its join code" : "",
  ].join("");
}

const STATE_TEXTS: Readonly<Record<LiveRole["state"], string>> = {
  ok: "is there",
  silent: "silent",
  away: "stopped",
  never: "was never there",
};

function conditionRows(
  { condition }: LiveRole,
): readonly (readonly string[])[] {
  switch (condition?.kind) {
    case undefined:
      return [];
    case "monitor": {
      const { logReadAgoMs, unacknowledged, oldestAgoMs } = condition;
      const oldest = oldestAgoMs === null
        ? ""
        : `, the oldest for ${spanText(oldestAgoMs)}`;
      return [
        [
          "  last line read",
          logReadAgoMs === null
            ? "none since its start"
            : `${spanText(logReadAgoMs)} ago`,
        ],
        ["  reports without an answer", `${unacknowledged}${oldest}`],
      ];
    }
    case "subscriber":
      return [
        ["  follows", condition.isFollowing ? "yes" : "no"],
        ...condition.actions.map(
          ({ name, wanted, inForce, failing, refused }) => [
            `  ${name}`,
            `${inForce} of ${wanted} in force, ${failing} failing, ${refused} refused`,
          ],
        ),
        ...choiceRows(condition),
      ];
  }
}

/** Shown only if the subscriber does not simply take everything. */
function choiceRows(
  { choice, observed }: Extract<NodeCondition, { kind: "subscriber" }>,
): readonly (readonly string[])[] {
  const text = choiceText(choice);
  if (text === "") return [];
  const { wanted, banned, lifted, refused } = observed;
  return [
    ["  choice", text],
    ...(observesSome(choice)
      ? [[
        "  observed",
        `${wanted} would be in force, ${banned} banned, ${lifted} lifted, ${refused} refused since its start`,
      ]]
      : []),
  ];
}
