/**
 * Decides when a publisher becomes active, and when it steps down.
 *
 * Time only decides when to try. Whether a publisher may write the shared log
 * depends on the versions that it has seen. So a wrong guess only costs a
 * pause.
 *
 * @module
 */

import type { LogView, SeenVersions } from "./shared_log.ts";

/** The publishers' intervals and timeouts, in milliseconds. */
export interface LeadPace {
  /** Interval between beats of the active publisher. */
  readonly beatMs: number;
  /** Interval between looks of a standby. */
  readonly lookMs: number;
  /** How long the log must be unchanged before a standby takes over. */
  readonly graceMs: number;
  /** Maximum random addition, so that two standbys rarely try at once. */
  readonly spreadMs: number;
  /** Silence of the log after which the active publisher admits no new node. */
  readonly doubtMs: number;
  /** Silence of the log after which it steps down. */
  readonly silentMs: number;
}

/** The default intervals and timeouts. */
export const LEAD_PACE: LeadPace = {
  beatMs: 400,
  lookMs: 200,
  graceMs: 1_500,
  spreadMs: 400,
  doubtMs: 1_000,
  silentMs: 3_000,
};

/** The role of a publisher. Times are by a clock that never jumps. */
export type LeadState =
  | {
    readonly role: "standby";
    /** The last view; `undefined`: none since the log failed to answer. */
    readonly seen: SeenLead | undefined;
  }
  | {
    /** It is trying to become active. */
    readonly role: "taking";
  }
  | {
    readonly role: "active";
    readonly term: number;
    /** Time of the latest request that the log has answered. */
    readonly heardMs: number;
    /** The longest recent answer time, which fades. */
    readonly slowestMs: number;
  };

/** The versions that a standby has seen, and since when. */
export interface SeenLead {
  readonly versions: LogView["versions"];
  readonly sinceMs: number;
  /** How long they must stay unchanged. */
  readonly graceMs: number;
  /** Number of looks since then. */
  readonly looks: number;
}

/** An event for a publisher. */
export type LeadEvent =
  /** The log was read; `chance` is a random number from 0 to 1. */
  | {
    readonly kind: "looked";
    readonly view: Pick<LogView, "versions" | "lead">;
    readonly chance: number;
    /** This publisher's name, because a lead may be meant for another one. */
    readonly name: string;
  }
  /** The log did not answer. */
  | { readonly kind: "unanswered" }
  /** The lead was taken or not, because another publisher wrote meanwhile. */
  | { readonly kind: "taken"; readonly term: number }
  | { readonly kind: "refused" }
  /** The log answered a request that was sent at `askedMs`. */
  | { readonly kind: "heard"; readonly askedMs: number }
  /** It can't stay active. */
  | { readonly kind: "lost"; readonly reason: string };

/** An action that a publisher has to take. */
export type LeadEffect =
  /** Take the lead for a term if the log is unchanged. */
  | {
    readonly kind: "take";
    readonly seen: SeenVersions;
    readonly term: number;
  }
  | { readonly kind: "stepDown"; readonly reason: string };

/** A state, and the action that it requires. */
export interface LeadStep {
  readonly state: LeadState;
  readonly effect?: LeadEffect;
}

/**
 * Slow is not silent: on an overloaded machine or engine the timeout is this
 * many times the slowest recent answer. Takeovers, which cost more than they
 * help there, become rarer.
 */
const SLOW_FACTOR = 4;
/** Maximum factor by which a timeout is stretched. */
const MAX_STRETCH = 5;
/**
 * Decay of the slowest answer time with each further answer: half after 10 s.
 */
const FADING = 0.97;

/** The initial state of every publisher. */
export const STANDBY: LeadState = { role: "standby", seen: undefined };

/**
 * Processes an event.
 *
 * @param state The state before.
 * @param event The event.
 * @param nowMs Its time, by a clock that never jumps.
 * @param pace The intervals and timeouts.
 *
 * @example
 * ```ts
 * import { LEAD_PACE, leadStep, STANDBY } from "./lead_state.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const view = { versions: { head: 1, lead: 1, beat: 0 }, lead: { term: 0, holder: undefined } };
 * const { effect } = leadStep(STANDBY, { kind: "looked", view, chance: 0, name: "hub" }, 0, LEAD_PACE);
 * // Nobody is active: it need not wait.
 * strictEqual(effect?.kind, "take");
 * ```
 */
export function leadStep(
  state: LeadState,
  event: LeadEvent,
  nowMs: number,
  pace: LeadPace,
): LeadStep {
  switch (state.role) {
    case "standby":
      return standbyStep(state.seen, event, nowMs, pace);
    case "taking":
      return takingStep(event, nowMs);
    case "active":
      return activeStep(state, event, nowMs, pace);
  }
}

/**
 * Whether an active publisher may admit nodes: without the log it soon steps
 * down.
 */
export function isSure(
  state: LeadState,
  nowMs: number,
  { doubtMs }: LeadPace,
): boolean {
  return state.role === "active" &&
    nowMs - state.heardMs < stretched(doubtMs, state.slowestMs);
}

function stretched(ms: number, slowestMs: number): number {
  return Math.max(ms, Math.min(SLOW_FACTOR * slowestMs, MAX_STRETCH * ms));
}

function standbyStep(
  seen: SeenLead | undefined,
  event: LeadEvent,
  nowMs: number,
  { graceMs, spreadMs, lookMs }: LeadPace,
): LeadStep {
  // A publisher that can't read the log does not know whether it changes.
  if (event.kind === "unanswered") return { state: STANDBY };
  if (event.kind !== "looked") return { state: { role: "standby", seen } };
  const { view: { versions, lead }, chance, name } = event;
  const isSame = seen !== undefined && sameVersions(seen.versions, versions);
  const now = isSame ? { ...seen, looks: seen.looks + 1 } : {
    ...{ versions, sinceMs: nowMs, looks: 0 },
    graceMs: graceMs + chance * spreadMs,
  };
  // A publisher that looked only rarely has not observed that whole time.
  const isStill = nowMs - now.sinceMs >= now.graceMs &&
    now.looks >= Math.floor(graceMs / lookMs);
  // If the next publisher is named, the others wait as for one that died.
  const isFree = lead.holder === undefined && (lead.next ?? name) === name;
  if (!isFree && !isStill) {
    return { state: { role: "standby", seen: now } };
  }
  return {
    state: { role: "taking" },
    effect: { kind: "take", seen: now.versions, term: lead.term + 1 },
  };
}

function takingStep(event: LeadEvent, nowMs: number): LeadStep {
  switch (event.kind) {
    case "taken":
      return {
        state: {
          ...{ role: "active", term: event.term },
          ...{ heardMs: nowMs, slowestMs: 0 },
        },
      };
    case "refused":
    case "unanswered":
    case "lost":
      return { state: STANDBY };
    default:
      return { state: { role: "taking" } };
  }
}

function activeStep(
  state: Extract<LeadState, { readonly role: "active" }>,
  event: LeadEvent,
  nowMs: number,
  { silentMs }: LeadPace,
): LeadStep {
  switch (event.kind) {
    case "heard": {
      const heardMs = Math.max(state.heardMs, event.askedMs);
      const slowestMs = Math.max(
        nowMs - event.askedMs,
        FADING * state.slowestMs,
      );
      return { state: { ...state, heardMs, slowestMs } };
    }
    case "refused":
      return stepDown("another publisher has taken over");
    case "lost":
      return stepDown(event.reason);
    default:
      return nowMs - state.heardMs < stretched(silentMs, state.slowestMs)
        ? { state }
        : stepDown("the shared log does not answer");
  }
}

function stepDown(reason: string): LeadStep {
  return { state: STANDBY, effect: { kind: "stepDown", reason } };
}

function sameVersions(
  left: LogView["versions"],
  right: LogView["versions"],
): boolean {
  return left.head === right.head && left.lead === right.lead &&
    left.beat === right.beat;
}
