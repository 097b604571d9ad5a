/**
 * A test of the way that bans go, as an operator asks for it, and what came of
 * it.
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

/** What is to be tested. */
export interface TestOrder {
  /** The user who asks. */
  readonly by: string;
  /** `null`: every node. */
  readonly node: HostName | null;
  /** Whom the probe would ban. */
  readonly address: Address;
  /** Whether each node bans for a moment, too. */
  readonly firewall: boolean;
}

/** A rule by which a program would judge otherwise than the publisher does. */
export interface Disagreement {
  readonly rule: typeof AGREED_RULES[number];
  /** What the node has. */
  readonly node: string;
  /** What the publisher has. */
  readonly hub: string;
}

/**
 * What has to agree. `verdict`: whether the probe's address may be banned, and
 * which rule forbids it. `allowlist`: which list of the cluster is gone by. The
 * others: the options of these names.
 */
export const AGREED_RULES = [
  "verdict",
  "allowlist",
  "minprefix4",
  "minprefix6",
  "allowprivate",
] as const;

/** What came of the test of one program. */
export interface TestedProgram {
  readonly role: NodeRole;
  /**
   * `silent`: it was asked, and said nothing in time; `apart`: it is not
   * connected; `away`: nor should it be, for it was stopped.
   */
  readonly outcome: typeof PROGRAM_OUTCOMES[number];
  /** Until it had answered, in microseconds; `null`: it did not. */
  readonly tookUs: number | null;
  readonly disagreements: readonly Disagreement[];
  /** Changes that came before the probe and that it has not taken; `null`: it did not say, or has no copy. */
  readonly behind: number | null;
  /** Age of the last line that it read of fail2ban's log; `null`: it did not say, or reads none. */
  readonly logReadAgoMs: number | null;
  /** Its actions that keep bans in force; `null`: it did not say, or has none by its role. */
  readonly actions: number | null;
  /** Age of its last sign of life before the test; `null`: there was none. */
  readonly seenAgoMs: number | null;
}

/** Every outcome of a {@link TestedProgram}. */
export const PROGRAM_OUTCOMES = ["heard", "silent", "apart", "away"] as const;

/** What came of the test of a node. */
export interface TestedNode {
  readonly node: HostName;
  /** Those that it ever had. */
  readonly programs: readonly TestedProgram[];
  /** What came of the fire drill; `null`: there was none, or it did not say in time. */
  readonly drill: DrillWord | null;
  /** Whether it was asked for a fire drill. */
  readonly isDrilled: boolean;
}

/** What came of a test. */
export interface Tested {
  /** Whom the probe would ban. */
  readonly address: Address;
  /** Until the publisher had judged and stored, in microseconds. */
  readonly tookUs: number;
  /** The rule by which the publisher would refuse it, as `rule: network`; empty: none. */
  readonly refused: string;
  /** How long nodes were waited for, in milliseconds. */
  readonly waitMs: number;
  /** For how long a fire drill banned, in milliseconds. */
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
