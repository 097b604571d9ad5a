/**
 * How the whole cluster is, and each of its nodes, as an operator is told it.
 *
 * @module
 */

import type { NodeRole } from "../base/ids.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import {
  flag,
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import { type BadKind } from "../members/breaker.ts";
import { BAD_KINDS } from "../members/node_records.ts";
import { words } from "./operator_bans.ts";
import { condition } from "./v2_fields.ts";
import { parseVersion } from "./v2_ids.ts";
import type { NodeCondition } from "./v2_messages.ts";

/** How many nodes are in each state; see {@link LiveNode}. */
export interface NodeCounts {
  readonly ok: number;
  readonly silent: number;
  readonly away: number;
  readonly never: number;
  readonly aside: number;
}

/** What is in force, counted for each ban and each node that should have it. */
export interface EnforcementSum {
  readonly inForce: number;
  readonly expected: number;
  /** Nodes that put bans in force. */
  readonly nodes: number;
  /** Counted for each ban and each node that only observes it. */
  readonly observed: number;
  /** Nodes that observe some bans, or all. */
  readonly observers: number;
}

/** How often a rule refused a report. */
export interface RuleCount {
  readonly rule: string;
  readonly count: number;
}

/** What happened lately. */
export interface LastHour {
  /** How long that is, in milliseconds: an hour, or since the publisher's start. */
  readonly spanMs: number;
  /** Bans that came to be in force. */
  readonly began: number;
  /** Bans that are no longer. */
  readonly ended: number;
  /** Reports that were refused, the most frequent rule first. */
  readonly refused: readonly RuleCount[];
}

/** How busy the publisher's threads were in the last ten seconds, in percent of a core. */
export interface ThreadPercents {
  /** The program's own, which does everything but what the other does. */
  readonly mainPercent: number;
  /** ZeroMQ's I/O thread, which encrypts and sends. */
  readonly ioPercent: number;
}

/** How the cluster is. */
export interface ClusterStatus {
  /** The publisher's version. */
  readonly version: string;
  /** How long it has been running, in milliseconds. */
  readonly upMs: number;
  /** Bans that count. */
  readonly bans: number;
  /** Bans that wait for their quorum. */
  readonly waiting: number;
  /** The number of the table's last change. */
  readonly change: number;
  /** Why nothing can be stored; empty: it can. */
  readonly storeTrouble: string;
  /** How long ago the last backup was made, in milliseconds; `null`: none was. */
  readonly backupAgoMs: number | null;
  /** `null`: it is not known, or not yet. */
  readonly threads: ThreadPercents | null;
  readonly nodes: NodeCounts;
  readonly enforced: EnforcementSum;
  readonly lastHour: LastHour;
  /** Where lists are read. */
  readonly lists: readonly string[];
}

/** How a node is in one of its roles. */
export interface LiveRole {
  readonly role: NodeRole;
  /** `silent`: no sign of life lately; `away`: it said BYE; `never`: it was never there. */
  readonly state: "ok" | "silent" | "away" | "never";
  /** Age of its last sign of life, in milliseconds; `null`: there was none. */
  readonly seenAgoMs: number | null;
  /** Of the program that was there last; `null`: none was. */
  readonly version: string | null;
  /** Changes that its copy is behind; `null`: not known, or it has none. */
  readonly lag: number | null;
  /** What it told last; `null`: nothing since the publisher's start. */
  readonly condition: NodeCondition | null;
  /** How long ago; `null` likewise. */
  readonly toldAgoMs: number | null;
  /** Whether another host tried to be this node lately. */
  readonly hasTwin: boolean;
}

/** Why and since when a node's reports are set aside. */
export interface LiveQuarantine {
  /** The kind of the last bad report. */
  readonly reason: BadKind;
  /** Bad reports that led to it. */
  readonly count: number;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A member's state; its counters begin with the publisher's start. */
export interface LiveNode {
  /** The member's name. */
  readonly node: HostName;
  /** `aside`: its reports are set aside. Otherwise that of the role that most needs a look. */
  readonly state: LiveRole["state"] | "aside";
  /** Age of the last sign of life of the roles that are so; `null`: there was none. */
  readonly seenAgoMs: number | null;
  /** The roles that it may have. */
  readonly roles: readonly LiveRole[];
  /** Events that were accepted. */
  readonly accepted: number;
  /** Events that were known before, or changed nothing. */
  readonly known: number;
  /** Events that were refused. */
  readonly refused: number;
  /** Reports of it that stand. */
  readonly reports: number;
  /** `null`: its reports are accepted. */
  readonly aside: LiveQuarantine | null;
}

/** Most places that are told of; there are fewer. */
export const MAX_LIST_PLACES = 100;
/** Most rules that are told of; there are fewer. */
export const MAX_RULES = 100;

const MAX_ROLES = 2;

const count = (name: string) => integer(name, 0);

const nodes: Shape<NodeCounts> = record<NodeCounts>({
  ok: count("ok"),
  silent: count("silent"),
  away: count("away"),
  never: count("never"),
  aside: count("aside"),
});

const enforced: Shape<EnforcementSum> = record<EnforcementSum>({
  inForce: count("inForce"),
  expected: count("expected"),
  nodes: count("nodes"),
  observed: count("observed"),
  observers: count("observers"),
});

const lastHour: Shape<LastHour> = record<LastHour>({
  spanMs: count("spanMs"),
  began: count("began"),
  ended: count("ended"),
  refused: list(
    "refused",
    record<RuleCount>({ rule: words("rule"), count: count("count") }),
    0,
    MAX_RULES,
  ),
});

const threads: Shape<ThreadPercents> = record<ThreadPercents>({
  mainPercent: count("mainPercent"),
  ioPercent: count("ioPercent"),
});

const PRESENCE = ["ok", "silent", "away", "never"] as const;

const liveRole = record<LiveRole>({
  role: oneOf<NodeRole>("role", ["monitor", "subscriber"]),
  state: oneOf("state", PRESENCE),
  seenAgoMs: orNull(count("seenAgoMs")),
  version: orNull(text("version", parseVersion)),
  lag: orNull(count("lag")),
  condition: orNull(condition),
  toldAgoMs: orNull(count("toldAgoMs")),
  hasTwin: flag("hasTwin"),
});

/** A {@link LiveNode} as JSON. */
export const liveNode: Shape<LiveNode> = record<LiveNode>({
  node: text("node", parseHostName),
  state: oneOf("state", [...PRESENCE, "aside"]),
  seenAgoMs: orNull(count("seenAgoMs")),
  roles: list("roles", liveRole, 0, MAX_ROLES),
  accepted: count("accepted"),
  known: count("known"),
  refused: count("refused"),
  reports: count("reports"),
  aside: orNull(record<LiveQuarantine>({
    reason: oneOf("reason", BAD_KINDS),
    count: count("count"),
    sinceMs: count("sinceMs"),
  })),
});

/** The members of a {@link ClusterStatus}. */
export const STATUS_MEMBERS: Members<ClusterStatus> = {
  version: text("version", parseVersion),
  upMs: count("upMs"),
  bans: count("bans"),
  waiting: count("waiting"),
  change: count("change"),
  storeTrouble: words("storeTrouble"),
  backupAgoMs: orNull(count("backupAgoMs")),
  threads: orNull(threads),
  nodes,
  enforced,
  lastHour,
  lists: list("lists", words("list"), 0, MAX_LIST_PLACES),
};
