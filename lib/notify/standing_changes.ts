/**
 * Finds what happened between two looks at how a program, and its nodes, are.
 *
 * @module
 */

import type { Fault } from "../metrics/health.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import type { ToldEvent, ToldKind } from "./told_event.ts";

/** For so long bans may be wanted at a node and not in force. */
const ENFORCING_GRACE_MS = 60_000;

/** Something that is so until it is so no more. */
interface Standing {
  /** What it is told by when it begins, and when it ends. */
  readonly began: ToldEvent;
  readonly ended: ToldKind;
  /** For how long it may be so before it is told. */
  readonly graceMs: number;
}

interface Known extends Standing {
  readonly sinceMs: number;
  readonly isTold: boolean;
}

/** Remembers what was so at the last look. */
export class StandingChanges {
  #known = new Map<string, Known>();

  /**
   * Looks.
   *
   * @param faults What is wrong with the program.
   * @param nodes At a publisher: how the members are.
   * @param nowMs By a monotonic clock.
   * @returns What happened since the last look.
   */
  look(
    faults: readonly Fault[],
    nodes: readonly LiveNode[],
    nowMs: number,
  ): readonly ToldEvent[] {
    const events: ToldEvent[] = [];
    const known = new Map<string, Known>();
    for (const standing of standings(faults, nodes)) {
      const key = keyOf(standing.began);
      const before = this.#known.get(key);
      const sinceMs = before?.sinceMs ?? nowMs;
      const isTold = nowMs - sinceMs >= standing.graceMs;
      if (isTold && before?.isTold !== true) events.push(standing.began);
      known.set(key, { ...standing, sinceMs, isTold });
    }
    for (const [key, { began, ended, isTold }] of this.#known) {
      if (!isTold || known.has(key)) continue;
      const { words: _over, ...subject } = began;
      // Of who is no member any more there is nothing to tell.
      const { node } = began;
      if (node !== undefined && !nodes.some((it) => it.node === node)) continue;
      events.push({ ...subject, event: ended });
    }
    this.#known = known;
    return events;
  }
}

function keyOf({ event, fault, node, role, action }: ToldEvent): string {
  return [event, fault, node, role, action].join("\n");
}

function* standings(
  faults: readonly Fault[],
  nodes: readonly LiveNode[],
): Generator<Standing> {
  for (const { name: fault, words } of faults) {
    const began = { event: "fault", fault, words } as const;
    yield { began, ended: "recovered", graceMs: 0 };
  }
  for (const node of nodes) yield* nodeStandings(node);
}

function* nodeStandings({ node, roles, aside }: LiveNode): Generator<Standing> {
  if (aside !== null) {
    const words = `${aside.count} reports were bad (${aside.reason})`;
    const began = { event: "set_aside", node, words } as const;
    yield { began, ended: "released", graceMs: 0 };
  }
  for (const { role, state, condition } of roles) {
    if (state === "silent") {
      const began = { event: "node_silent", node, role } as const;
      yield { began, ended: "node_back", graceMs: 0 };
    }
    // Of a program that is silent holds what it told last.
    if (condition?.kind !== "subscriber") continue;
    for (
      const { name: action, wanted, inForce, refused } of condition.actions
    ) {
      const missing = wanted - inForce - refused;
      if (missing <= 0) continue;
      const words = `${missing} of ${wanted} bans are not in force`;
      const began = { event: "not_enforced", node, action, words } as const;
      yield { began, ended: "enforced", graceMs: ENFORCING_GRACE_MS };
    }
  }
}
