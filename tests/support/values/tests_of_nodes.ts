/**
 * Results of tests of a cluster.
 *
 * @module
 */

import type {
  Tested,
  TestedNode,
  TestedProgram,
} from "../../../lib/wire/operator_testing.ts";
import type { DrilledAction } from "../../../lib/wire/v2_probes.ts";
import { address, host } from "./core_values.ts";

/** A program that answered without problems. */
export function heard(more: Partial<TestedProgram> = {}): TestedProgram {
  return {
    ...{ role: "subscriber", outcome: "heard", tookUs: 4_100 },
    ...{ disagreements: [], behind: 0, logReadAgoMs: null, actions: 1 },
    seenAgoMs: 2_000,
    ...more,
  };
}

/** A program without an answer. */
export function unheard(more: Partial<TestedProgram> = {}): TestedProgram {
  return heard({
    ...{ outcome: "silent", tookUs: null, behind: null, actions: null },
    seenAgoMs: 840_000,
    ...more,
  });
}

/** A node with these programs. */
export function testedNode(
  name: string,
  programs: readonly TestedProgram[],
  more: Partial<TestedNode> = {},
): TestedNode {
  const node = host(name);
  return { node, programs, drill: null, isDrilled: false, ...more };
}

/** A node with these actions in a fire drill. */
export function drilledNode(
  name: string,
  ...actions: readonly Partial<DrilledAction>[]
): TestedNode {
  const done: DrilledAction = {
    ...{ name: "nftables", outcome: "restored", isSeen: true, tookMs: 31 },
    detail: "",
  };
  return testedNode(name, [heard()], {
    drill: {
      actions: actions.map((action) => ({ ...done, ...action })),
      detail: actions.length === 0 ? "it is a dry run" : "",
    },
    isDrilled: true,
  });
}

/** A test with these nodes. */
export function testOf(...nodes: readonly TestedNode[]): Tested {
  return {
    ...{ address: address("192.0.2.1"), tookUs: 1_234, refused: "" },
    ...{ waitMs: 5_000, holdMs: 5_000, nodes },
  };
}
