/**
 * Sets a node's reports aside when too many of them are bad, until an operator
 * releases it.
 *
 * @module
 */

/** Why an event, or a message, was bad. */
export type BadKind =
  /** A rule of the cluster forbids it. */
  | "refused"
  /** It would ban who is never banned. */
  | "protected"
  /** It was not understood. */
  | "malformed"
  /** There were far too many. */
  | "flood";

/** When a breaker opens. */
export interface BreakerLimit {
  /** Bad ones; 1 or more. */
  readonly count: number;
  /** Within so many milliseconds. */
  readonly withinMs: number;
}

/** Why a breaker is open. */
export interface OpenBreaker {
  /** What the last was that opened it. */
  readonly reason: BadKind;
  /** How many there were within the time. */
  readonly count: number;
}

/** What is remembered of a node. */
export interface BreakerState {
  /** Bad ones by the slice of time in which they came, oldest first. */
  readonly slices: readonly BadSlice[];
  /** `undefined`: it is closed. */
  readonly open: OpenBreaker | undefined;
}

/** Bad ones of a slice of time. */
export interface BadSlice {
  /** Counts slices since the clock began. */
  readonly slice: number;
  readonly count: number;
}

/** What happens to a breaker. */
export type BreakerEvent =
  | { readonly kind: "bad"; readonly why: BadKind; readonly count: number }
  /** Opens it, whatever was counted. */
  | { readonly kind: "trip"; readonly why: BadKind }
  | { readonly kind: "release" };

/** What follows. */
export type BreakerEffect =
  | ({ readonly kind: "opened" } & OpenBreaker)
  | { readonly kind: "released" };

/** What an event did. */
export interface BreakerStep {
  readonly state: BreakerState;
  readonly effects: readonly BreakerEffect[];
}

/** Nothing bad happened yet. */
export const CLOSED: BreakerState = { slices: [], open: undefined };

/** The time is counted in so many slices, and one more: that much too long at most. */
const SLICES = 20;

/**
 * Takes an event. Remembers a bounded number of slices, whatever comes.
 *
 * @param state As it was.
 * @param event What happened.
 * @param nowMs By a clock that never jumps, in milliseconds.
 * @param limit When it opens.
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
  // What sets more than its reports aside takes the place of what does not.
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
