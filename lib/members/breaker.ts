/**
 * Sets a node's reports aside when too many of them are bad, until an operator
 * releases it.
 *
 * @module
 */

/** Why an event or a message was bad. */
export type BadKind =
  /** A rule of the cluster forbids it. */
  | "refused"
  /** It would ban a protected address. */
  | "protected"
  /** It could not be decoded. */
  | "malformed"
  /** There were far too many. */
  | "flood";

/** The limit above which a breaker opens. */
export interface BreakerLimit {
  /** Number of bad events; at least 1. */
  readonly count: number;
  /** Length of the period, in milliseconds. */
  readonly withinMs: number;
}

/** Why a breaker is open. */
export interface OpenBreaker {
  /** Kind of the last bad event. */
  readonly reason: BadKind;
  /** Number of bad events within the period. */
  readonly count: number;
}

/** The state of one node's breaker. */
export interface BreakerState {
  /** Bad events by time slice, oldest first. */
  readonly slices: readonly BadSlice[];
  /** `undefined`: it is closed. */
  readonly open: OpenBreaker | undefined;
}

/** The bad events of one time slice. */
export interface BadSlice {
  /** Number of the slice, counted from the clock's zero. */
  readonly slice: number;
  readonly count: number;
}

/** An event for a breaker. */
export type BreakerEvent =
  | { readonly kind: "bad"; readonly why: BadKind; readonly count: number }
  /** Opens it regardless of the count. */
  | { readonly kind: "trip"; readonly why: BadKind }
  | { readonly kind: "release" };

/** The consequence of an event. */
export type BreakerEffect =
  | ({ readonly kind: "opened" } & OpenBreaker)
  | { readonly kind: "released" };

/** The new state and its consequence. */
export interface BreakerStep {
  readonly state: BreakerState;
  readonly effects: readonly BreakerEffect[];
}

/** The initial state. */
export const CLOSED: BreakerState = { slices: [], open: undefined };

/**
 * Slices per period. One more is counted, so the period is too long by one
 * slice at most.
 */
const SLICES = 20;

/**
 * Processes an event. Remembers a bounded number of slices.
 *
 * @param state The state before.
 * @param event The event.
 * @param nowMs By a clock that never jumps, in milliseconds.
 * @param limit The limit above which it opens.
 *
 * @example
 * ```ts
 * import { breakerStep, CLOSED } from "./breaker.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const limit = { count: 2, withinMs: 60_000 };
 * const bad = { kind: "bad", why: "protected", count: 1 } as const;
 * const once = breakerStep(CLOSED, bad, 0, limit);
 * deepStrictEqual(once.effects, []);
 * deepStrictEqual(breakerStep(once.state, bad, 1_000, limit).effects, [
 *   { kind: "opened", reason: "protected", count: 2 },
 * ]);
 * ```
 */
export function breakerStep(
  state: BreakerState,
  event: BreakerEvent,
  nowMs: number,
  limit: BreakerLimit,
): BreakerStep {
  switch (event.kind) {
    case "release":
      return {
        state: CLOSED,
        effects: state.open === undefined ? [] : [{ kind: "released" }],
      };
    case "trip": {
      const count = countOf(state.slices);
      return opened(state, { reason: event.why, count });
    }
    case "bad": {
      if (event.count === 0) return { state, effects: [] };
      const slices = counted(state.slices, event.count, nowMs, limit);
      const next = { ...state, slices };
      const count = countOf(slices);
      return count < limit.count || state.open !== undefined
        ? { state: next, effects: [] }
        : opened(next, { reason: event.why, count });
    }
  }
}

function opened(state: BreakerState, open: OpenBreaker): BreakerStep {
  // A reason that cuts the node's connections replaces one that only sets its
  // reports aside.
  if (state.open !== undefined && state.open.reason === open.reason) {
    return { state, effects: [] };
  }
  return {
    state: { ...state, open },
    effects: [{ kind: "opened", ...open }],
  };
}

function counted(
  slices: readonly BadSlice[],
  count: number,
  nowMs: number,
  { withinMs }: BreakerLimit,
): readonly BadSlice[] {
  const slice = Math.floor(nowMs / (withinMs / SLICES));
  const current = slices.filter((each) => each.slice >= slice - SLICES);
  const last = current.at(-1);
  return last?.slice === slice
    ? [...current.slice(0, -1), { slice, count: last.count + count }]
    : [...current, { slice, count }];
}

function countOf(slices: readonly BadSlice[]): number {
  return slices.reduce((sum, { count }) => sum + count, 0);
}
