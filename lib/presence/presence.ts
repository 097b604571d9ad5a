/**
 * Whether a program of a node is there: what the publisher knows of one node in
 * one role, and how each thing that happens changes it. Pure; times are those
 * of the publisher's steady clock, in milliseconds since 1970.
 *
 * @module
 */

import type { PlaceId, SessionId } from "../base/ids.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";

/**
 * How a program of a node is: `ok`: it gave a sign of life lately; `silent`: it
 * did not; `away`: it said BYE; `never`: it never said HELLO.
 */
export type PresenceState = "ok" | "silent" | "away" | "never";

/** A condition as it was told, and where the table was then. */
export interface ToldCondition {
  readonly condition: NodeCondition;
  /** The table's last number when it was told. */
  readonly tableSeq: number;
  /** When it was told. */
  readonly atMs: number;
}

/** What is known of a node in a role. */
export interface Presence {
  /** Its last sign of life; `undefined`: there never was one. */
  readonly seenMs: number | undefined;
  /** Version of the program that said HELLO last. */
  readonly version: string | undefined;
  /** Whether the last thing that it said was BYE. */
  readonly isAway: boolean;
  /** What it told last since this publisher was started. */
  readonly told: ToldCondition | undefined;
  /** The session that it has; `undefined`: none in this run of the publisher. */
  readonly session: SessionId | undefined;
  /** Where the program of that session runs. */
  readonly place: PlaceId | undefined;
  /** When it was last asked whether it is there, and did not answer yet. */
  readonly askedMs: number | undefined;
  /** When a second host last tried to be this node. */
  readonly twinMs: number | undefined;
}

/** Who says HELLO. */
export interface Newcomer {
  readonly version: string;
  /** `undefined`: it does not say, and is admitted whatever is known. */
  readonly place?: PlaceId | undefined;
}

/**
 * What becomes of a HELLO: `admitted`: a session may begin, and where `ousts`
 * is true those that the node had in this role end. `twin`: another host has
 * that place; `ask` is the session to be asked for a STATE.
 */
export type Greeting =
  | { readonly kind: "admitted"; readonly ousts: boolean }
  | {
    readonly kind: "twin";
    readonly presence: Presence;
    readonly ask: SessionId | undefined;
    /** Whether this is the first time in a while. */
    readonly isNews: boolean;
  };

/** What decides from when on a program is silent. */
export interface SilenceRule {
  /** Since when the publisher listens: before it nobody could be heard. */
  readonly sinceMs: number;
  /** Time without a sign of life. */
  readonly silentAfterMs: number;
  /** Time for an answer to ASK. */
  readonly askAnswerMs: number;
}

/** Of whom nothing is known. */
export const UNKNOWN: Presence = {
  seenMs: undefined,
  version: undefined,
  isAway: false,
  told: undefined,
  session: undefined,
  place: undefined,
  askedMs: undefined,
  twinMs: undefined,
};

/** For so long a second host is remembered after its last try. */
export const TWIN_MS = 600_000;

/** How a program is now. */
export function presenceState(
  { seenMs, isAway }: Presence,
  { sinceMs, silentAfterMs }: Omit<SilenceRule, "askAnswerMs">,
  nowMs: number,
): PresenceState {
  if (seenMs === undefined) return "never";
  if (isAway) return "away";
  return nowMs - Math.max(seenMs, sinceMs) >= silentAfterMs ? "silent" : "ok";
}

/**
 * Decides about a HELLO. A program that was started anew on its host, or lost
 * its connection, is admitted whatever is known of the one before. One on
 * another host is, where the first is gone: it has no session, was silent, said
 * BYE, or does not answer when it is asked.
 */
export function greeting(
  presence: Presence,
  { place }: Newcomer,
  rule: SilenceRule,
  nowMs: number,
): Greeting {
  const { session, askedMs } = presence;
  const isElsewhere = place !== undefined && presence.place !== undefined &&
    place !== presence.place;
  if (session === undefined || !isElsewhere) {
    return { kind: "admitted", ousts: false };
  }
  const isThere = presenceState(presence, rule, nowMs) === "ok";
  const waitedMs = askedMs === undefined ? 0 : nowMs - askedMs;
  if (!isThere || waitedMs >= rule.askAnswerMs) {
    return { kind: "admitted", ousts: true };
  }
  return {
    kind: "twin",
    presence: { ...presence, askedMs: askedMs ?? nowMs, twinMs: nowMs },
    ask: askedMs === undefined ? session : undefined,
    isNews: !hasTwin(presence, nowMs),
  };
}

/** Whether a second host tried to be this node lately. */
export function hasTwin({ twinMs }: Presence, nowMs: number): boolean {
  return twinMs !== undefined && nowMs - twinMs < TWIN_MS;
}

/** A session began. */
export function welcomed(
  presence: Presence,
  { version, place }: Newcomer,
  session: SessionId,
  nowMs: number,
): Presence {
  return {
    ...heard(presence, nowMs),
    version,
    place,
    session,
    told: undefined,
  };
}

/** It said something. */
export function heard(presence: Presence, nowMs: number): Presence {
  return { ...presence, seenMs: nowMs, isAway: false, askedMs: undefined };
}

/** It told how it is. */
export function told(
  presence: Presence,
  condition: NodeCondition,
  tableSeq: number,
  nowMs: number,
): Presence {
  const atMs = nowMs;
  return { ...heard(presence, nowMs), told: { condition, tableSeq, atMs } };
}

/** It said BYE. That of a session before the one it has changes nothing. */
export function left(
  presence: Presence,
  session: SessionId,
  nowMs: number,
): Presence {
  if (presence.session !== session) return presence;
  return { ...cut(heard(presence, nowMs)), isAway: true };
}

/** The publisher ended its session. */
export function cut(presence: Presence): Presence {
  return {
    ...presence,
    session: undefined,
    place: undefined,
    askedMs: undefined,
  };
}

/**
 * How many changes a copy is behind: of a program that is there as of when it
 * told, since it has taken others meanwhile; of one that is not, as of now.
 *
 * @returns `undefined` when it is not known.
 */
export function lagOf(
  { told }: Presence,
  state: PresenceState,
  tableSeq: number,
): number | undefined {
  if (told?.condition.kind !== "subscriber") return undefined;
  const { condition: { epoch, seq }, tableSeq: seqThen } = told;
  const held = epoch === null ? 0 : seq;
  return Math.max(0, (state === "ok" ? seqThen : tableSeq) - held);
}
