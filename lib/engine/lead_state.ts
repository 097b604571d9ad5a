/**
 * When a publisher becomes the active one, and when it steps down.
 *
 * Time says only when to try: whether a publisher may write the shared log
 * decides, by what the writer has seen of it. A wrong guess costs a pause.
 *
 * @module
 */

import type { LogView, SeenVersions } from "./shared_log.ts";

/** The times that publishers go by, in milliseconds. */
export interface LeadPace {
  /** Interval between beats of the active one. */
  readonly beatMs: number;
  /** Interval between looks of a standby. */
  readonly lookMs: number;
  /** How long nothing moves before a standby takes over. */
  readonly graceMs: number;
  /** Up to so much longer, by chance: so that two rarely try at once. */
  readonly spreadMs: number;
  /** Silence of the log after which the active one lets nobody new in. */
  readonly doubtMs: number;
  /** Silence of the log after which it steps down. */
  readonly silentMs: number;
}

/** The usual times. */
export const LEAD_PACE: LeadPace = {
  beatMs: 400,
  lookMs: 200,
  graceMs: 1_500,
  spreadMs: 400,
  doubtMs: 1_000,
  silentMs: 3_000,
};

/** What a publisher is. Times are by a clock that never jumps. */
export type LeadState =
  | {
    readonly role: "standby";
    /** What was seen last; `undefined`: nothing, since the log failed to answer. */
    readonly seen: SeenLead | undefined;
  }
  | {
    /** It tries to become the active one. */
    readonly role: "taking";
  }
  | {
    readonly role: "active";
    readonly term: number;
    /** When the log was last asked what it has answered. */
    readonly heardMs: number;
    /** How long it took at most to answer, of late. */
    readonly slowestMs: number;
  };

/** What a standby has seen, and since when it is so. */
export interface SeenLead {
  readonly versions: LogView["versions"];
  readonly sinceMs: number;
  /** How long it has to be so. */
  readonly graceMs: number;
  /** How often it was looked at since. */
  readonly looks: number;
}

/** What happens to a publisher. */
export type LeadEvent =
  /** The log was looked at; `chance` is from 0 to 1. */
  | {
    readonly kind: "looked";
    readonly view: Pick<LogView, "versions" | "lead">;
    readonly chance: number;
    /** This publisher's, since a lead may be meant for another one. */
    readonly name: string;
  }
  /** The log did not answer. */
  | { readonly kind: "unanswered" }
  /** The lead was taken, or not: somebody else wrote meanwhile. */
  | { readonly kind: "taken"; readonly term: number }
  | { readonly kind: "refused" }
  /** The log answered what was asked at a time. */
  | { readonly kind: "heard"; readonly askedMs: number }
  /** It can't go on as the active one. */
  | { readonly kind: "lost"; readonly reason: string };

/** What a publisher has to do. */
export type LeadEffect =
  /** Take the lead for a term, if the log is still as it was seen. */
  | {
    readonly kind: "take";
    readonly seen: SeenVersions;
    readonly term: number;
  }
  | { readonly kind: "stepDown"; readonly reason: string };

/** A state, and what it asks for. */
export interface LeadStep {
  readonly state: LeadState;
  readonly effect?: LeadEffect;
}

/**
 * What is slow is not silent: on a machine or an engine that is overloaded an
 * answer is waited for as many times as long as the slowest one took of late,
 * and a takeover, that costs more than it helps there, is the rarer.
 */
const SLOW_FACTOR = 4;
/** Nobody waits longer than so many times the usual. */
const MAX_STRETCH = 5;
/** What is left of the slowest answer with each one that follows: half after 10 s. */
const FADING = 0.97;

/** What every publisher begins as. */
export const STANDBY: LeadState = { role: "standby", seen: undefined };

/**
 * Takes an event.
 *
 * @param state The state before.
 * @param event What happened.
 * @param nowMs When, by a clock that never jumps.
 * @param pace The times to go by.
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

/** Whether an active publisher may let nodes in: one that hears no log is none for long. */
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
  // Whoever can't read the log does not know whether it moves.
  if (event.kind === "unanswered") return { state: STANDBY };
  if (event.kind !== "looked") return { state: { role: "standby", seen } };
  const { view: { versions, lead }, chance, name } = event;
  const isSame = seen !== undefined && sameVersions(seen.versions, versions);
  const now = isSame ? { ...seen, looks: seen.looks + 1 } : {
    ...{ versions, sinceMs: nowMs, looks: 0 },
    graceMs: graceMs + chance * spreadMs,
  };
  // Whoever can look only now and then has not seen much of that time.
  const isStill = nowMs - now.sinceMs >= now.graceMs &&
    now.looks >= Math.floor(graceMs / lookMs);
  // Where the next one is named the others wait, as for one that died.
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
