/**
 * Derives events from two successive states of a program and its nodes.
 *
 * @module
 */

import type { Fault } from "../metrics/health.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import type { ToldEvent, ToldKind } from "./told_event.ts";

/** Time for which a node's bans may be missing before an event is due. */
const ENFORCING_GRACE_MS = 60_000;

/** A condition that lasts, such as a fault. */
interface Standing {
  /** The events of its beginning and its end. */
  readonly began: ToldEvent;
  readonly ended: ToldKind;
  /** How long it must last before its event is due. */
  readonly graceMs: number;
}

interface Known extends Standing {
  readonly sinceMs: number;
  readonly isTold: boolean;
}

/** Remembers the conditions of the last call. */
export class StandingChanges {
  #known = new Map<string, Known>();

  /**
   * Compares the current state with the last one.
   *
   * @param faults The program's current faults.
   * @param nodes The members' states; empty except at a publisher.
   * @param nowMs Monotonic time in milliseconds.
   * @returns The events since the last call.
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
      // A node that is no longer a member needs no event.
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
    // A silent program counts with its last report.
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
