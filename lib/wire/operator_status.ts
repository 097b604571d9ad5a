/**
 * How the whole cluster is, as an operator is told it.
 *
 * @module
 */

import {
  integer,
  list,
  type Members,
  orNull,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import { words } from "./operator_bans.ts";
import { parseVersion } from "./v2_ids.ts";

/** How many nodes are in each state; see `LiveNode`. */
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

/** Most places that are told of; there are fewer. */
export const MAX_LIST_PLACES = 100;
/** Most rules that are told of; there are fewer. */
export const MAX_RULES = 100;

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
