/**
 * An operator's test of the path of bans, and its result.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { NodeRole } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import {
  flag,
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
} from "../base/json_shape.ts";
import { MAX_MEMBERS } from "../members/member_list_form.ts";
import { address, node, words } from "./operator_bans.ts";
import { DRILL_WORD, type DrillWord } from "./v2_probes.ts";

/** A test order. */
export interface TestOrder {
  /** The user who asks. */
  readonly by: string;
  /** `null`: every node. */
  readonly node: HostName | null;
  /** The address that the probe would ban. */
  readonly address: Address;
  /** Whether each node also bans it for a moment. */
  readonly firewall: boolean;
}

/** A rule on which a program and the publisher disagree. */
export interface Disagreement {
  readonly rule: typeof AGREED_RULES[number];
  /** The node's value. */
  readonly node: string;
  /** The publisher's value. */
  readonly hub: string;
}

/**
 * The rules that must agree. `verdict`: whether the probe's address may be
 * banned, and which rule forbids it. `allowlist`: which list of the cluster is
 * in use. The others are options of these names.
 */
export const AGREED_RULES = [
  "verdict",
  "allowlist",
  "minprefix4",
  "minprefix6",
  "allowprivate",
] as const;

/** The test result of one program. */
export interface TestedProgram {
  readonly role: NodeRole;
  /**
   * `silent`: it did not answer in time; `apart`: it is not connected; `away`:
   * it is not connected because it was stopped.
   */
  readonly outcome: typeof PROGRAM_OUTCOMES[number];
  /** Time until its answer, in microseconds; `null`: no answer. */
  readonly tookUs: number | null;
  readonly disagreements: readonly Disagreement[];
  /**
   * Changes before the probe that it has not applied; `null`: it did not say,
   * or has no copy.
   */
  readonly behind: number | null;
  /**
   * Age of the last line that it read of fail2ban's log; `null`: it did not
   * say, or reads no log.
   */
  readonly logReadAgoMs: number | null;
  /** Its actions that keep bans in force; `null`: unknown, or not its role. */
  readonly actions: number | null;
  /** Age of its last sign of life before the test; `null`: there was none. */
  readonly seenAgoMs: number | null;
}

/** Every outcome of a {@link TestedProgram}. */
export const PROGRAM_OUTCOMES = ["heard", "silent", "apart", "away"] as const;

/** The test result of one node. */
export interface TestedNode {
  readonly node: HostName;
  /** The programs that it has ever had. */
  readonly programs: readonly TestedProgram[];
  /** Result of the fire drill; `null`: no drill, or no answer in time. */
  readonly drill: DrillWord | null;
  /** Whether it was asked for a fire drill. */
  readonly isDrilled: boolean;
}

/** The result of a test. */
export interface Tested {
  /** The address that the probe would ban. */
  readonly address: Address;
  /** Time until the publisher had decided and stored, in microseconds. */
  readonly tookUs: number;
  /** The publisher's rule against the ban, as `rule: network`; empty: none. */
  readonly refused: string;
  /** How long the test waited for nodes, in milliseconds. */
  readonly waitMs: number;
  /** How long a fire drill banned, in milliseconds. */
  readonly holdMs: number;
  readonly nodes: readonly TestedNode[];
}

/** Most programs of a node. */
const MAX_PROGRAMS = 2;
const count = (name: string) => integer(name, 0);

/** The members of a {@link TestOrder}. */
export const TEST_ORDER: Members<TestOrder> = {
  by: words("by"),
  node: orNull(node),
  address,
  firewall: flag("firewall"),
};

const program: Shape<TestedProgram> = record<TestedProgram>({
  role: oneOf("role", ["monitor", "subscriber"]),
  outcome: oneOf("outcome", PROGRAM_OUTCOMES),
  tookUs: orNull(count("tookUs")),
  disagreements: list(
    "disagreements",
    record<Disagreement>({
      rule: oneOf("rule", AGREED_RULES),
      node: words("node"),
      hub: words("hub"),
    }),
    0,
    AGREED_RULES.length,
  ),
  behind: orNull(count("behind")),
  logReadAgoMs: orNull(count("logReadAgoMs")),
  actions: orNull(count("actions")),
  seenAgoMs: orNull(count("seenAgoMs")),
});

/** The members of {@link Tested}. */
export const TESTED: Members<Tested> = {
  address,
  tookUs: count("tookUs"),
  refused: words("refused"),
  waitMs: count("waitMs"),
  holdMs: count("holdMs"),
  nodes: list(
    "nodes",
    record<TestedNode>({
      node,
      programs: list("programs", program, 0, MAX_PROGRAMS),
      drill: orNull(record<DrillWord>(DRILL_WORD)),
      isDrilled: flag("isDrilled"),
    }),
    0,
    MAX_MEMBERS,
  ),
};
