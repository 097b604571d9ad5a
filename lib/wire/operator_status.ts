/**
 * The state of the cluster and of each node, for an operator.
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

/** Number of nodes in each state; see {@link LiveNode}. */
export interface NodeCounts {
  readonly ok: number;
  readonly silent: number;
  readonly away: number;
  readonly never: number;
  readonly aside: number;
}

/** Counts of bans in force: one for each ban and node that should have it. */
export interface EnforcementSum {
  readonly inForce: number;
  readonly expected: number;
  /** Nodes that put bans in force. */
  readonly nodes: number;
  /** The same count for nodes that only observe. */
  readonly observed: number;
  /** Nodes that observe some or all bans. */
  readonly observers: number;
}

/** How often a rule refused a report. */
export interface RuleCount {
  readonly rule: string;
  readonly count: number;
}

/** Recent events. */
export interface LastHour {
  /** The period in milliseconds: an hour, or since the publisher's start. */
  readonly spanMs: number;
  /** Bans that came into force. */
  readonly began: number;
  /** Bans that ended. */
  readonly ended: number;
  /** Refused reports, most frequent rule first. */
  readonly refused: readonly RuleCount[];
}

/** Load of the publisher's threads over ten seconds, in percent of a core. */
export interface ThreadPercents {
  /** The program's own thread, which does everything else. */
  readonly mainPercent: number;
  /** ZeroMQ's I/O thread, which encrypts and sends. */
  readonly ioPercent: number;
}

/** The state of the cluster. */
export interface ClusterStatus {
  /** The publisher's version. */
  readonly version: string;
  /** Time since its start, in milliseconds. */
  readonly upMs: number;
  /** Bans that count. */
  readonly bans: number;
  /** Bans that wait for their quorum. */
  readonly waiting: number;
  /** Number of the table's last change. */
  readonly change: number;
  /** Why nothing can be stored; empty: no trouble. */
  readonly storeTrouble: string;
  /** Age of the last backup, in milliseconds; `null`: there is none. */
  readonly backupAgoMs: number | null;
  /** `null`: not known, or not yet. */
  readonly threads: ThreadPercents | null;
  readonly nodes: NodeCounts;
  readonly enforced: EnforcementSum;
  readonly lastHour: LastHour;
  /** The places from which lists are read. */
  readonly lists: readonly string[];
}

/** The state of a node in one of its roles. */
export interface LiveRole {
  readonly role: NodeRole;
  /**
   * `silent`: no recent sign of life; `away`: said BYE; `never`: never seen.
   */
  readonly state: "ok" | "silent" | "away" | "never";
  /** Age of its last sign of life, in milliseconds; `null`: there was none. */
  readonly seenAgoMs: number | null;
  /** Version of the last program in this role; `null`: there was none. */
  readonly version: string | null;
  /** Changes that its copy is behind; `null`: not known, or it has no copy. */
  readonly lag: number | null;
  /** Its last STATE; `null`: none since the publisher's start. */
  readonly condition: NodeCondition | null;
  /** Age of that STATE in milliseconds; `null`: there is none. */
  readonly toldAgoMs: number | null;
  /** Whether another host recently connected as this node. */
  readonly hasTwin: boolean;
}

/** The reason and start of a node's quarantine. */
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
  /** `aside`: reports are set aside; otherwise the worst state of its roles. */
  readonly state: LiveRole["state"] | "aside";
  /** Age of the last sign of life of the roles in that state; `null`: none. */
  readonly seenAgoMs: number | null;
  /** The roles that it may have. */
  readonly roles: readonly LiveRole[];
  /** Accepted events. */
  readonly accepted: number;
  /** Events that were known already, or changed nothing. */
  readonly known: number;
  /** Refused events. */
  readonly refused: number;
  /** Its reports that are in force. */
  readonly reports: number;
  /** `null`: its reports are accepted. */
  readonly aside: LiveQuarantine | null;
}

/** Most places in an answer; there are fewer. */
export const MAX_LIST_PLACES = 100;
/** Most rules in an answer; there are fewer. */
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
