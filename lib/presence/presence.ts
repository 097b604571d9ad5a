/**
 * Whether a program of a node is alive: what the publisher knows of one role of
 * a node, and how each event changes it. Pure; times are those of the
 * publisher's steady clock, in milliseconds since 1970.
 *
 * @module
 */

import type { PlaceId, SessionId } from "../base/ids.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";

/**
 * State of a program. `ok`: it gave a sign of life recently. `silent`: it did
 * not. `away`: it said BYE. `never`: it never said HELLO.
 */
export type PresenceState = "ok" | "silent" | "away" | "never";

/** A reported condition, with the table's position at that time. */
export interface ToldCondition {
  readonly condition: NodeCondition;
  /** The table's last sequence number when the report came. */
  readonly tableSeq: number;
  /** When the report came. */
  readonly atMs: number;
}

/** What is known of one role of a node. */
export interface Presence {
  /** Last sign of life; `undefined` when there never was one. */
  readonly seenMs: number | undefined;
  /** Version of the program that last said HELLO. */
  readonly version: string | undefined;
  /** Whether BYE was its last message. */
  readonly isAway: boolean;
  /** Its last report since this publisher's start. */
  readonly told: ToldCondition | undefined;
  /** Its session; `undefined` when it has none in this run of the publisher. */
  readonly session: SessionId | undefined;
  /** The host on which the session's program runs. */
  readonly place: PlaceId | undefined;
  /** When the publisher asked it for a sign of life that has not come yet. */
  readonly askedMs: number | undefined;
  /** When a second host last tried to log in as this node. */
  readonly twinMs: number | undefined;
}

/** A program that says HELLO. */
export interface Newcomer {
  readonly version: string;
  /** `undefined`: the program does not say, and is always admitted. */
  readonly place?: PlaceId | undefined;
}

/**
 * The decision about a HELLO. `admitted`: a session may begin; where `ousts` is
 * true, the node's earlier sessions in this role end. `twin`: another host
 * already has this role; `ask` is the session to ask for a STATE.
 */
export type Greeting =
  | { readonly kind: "admitted"; readonly ousts: boolean }
  | {
    readonly kind: "twin";
    readonly presence: Presence;
    readonly ask: SessionId | undefined;
    /** Whether this is the first attempt within {@link TWIN_MS}. */
    readonly isNews: boolean;
  };

/** When a program counts as silent. */
export interface SilenceRule {
  /** When the publisher started to listen: no program could be heard before. */
  readonly sinceMs: number;
  /** Time without a sign of life. */
  readonly silentAfterMs: number;
  /** Time for an answer to ASK. */
  readonly askAnswerMs: number;
}

/** The record of a role that never connected. */
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

/** How long a second host is remembered after its last attempt. */
export const TWIN_MS = 600_000;

/** The current state of a program. */
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
 * Decides about a HELLO. A program that restarted on its host, or lost its
 * connection, is always admitted. A program on another host is admitted only if
 * the first one is gone: it has no session, is silent, said BYE, or does not
 * answer when asked.
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

/** Whether a second host tried to log in as this node recently. */
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

/** The program gave a sign of life. */
export function heard(presence: Presence, nowMs: number): Presence {
  return { ...presence, seenMs: nowMs, isAway: false, askedMs: undefined };
}

/** The program reported its condition. */
export function told(
  presence: Presence,
  condition: NodeCondition,
  tableSeq: number,
  nowMs: number,
): Presence {
  const atMs = nowMs;
  return { ...heard(presence, nowMs), told: { condition, tableSeq, atMs } };
}

/** The program said BYE. A BYE of an earlier session changes nothing. */
export function left(
  presence: Presence,
  session: SessionId,
  nowMs: number,
): Presence {
  if (presence.session !== session) return presence;
  return { ...cut(heard(presence, nowMs)), isAway: true };
}

/** The publisher ended the program's session. */
export function cut(presence: Presence): Presence {
  return {
    ...presence,
    session: undefined,
    place: undefined,
    askedMs: undefined,
  };
}

/**
 * How many changes a replica is behind. For a live program, as of its last
 * report, since it has received more changes since then; for any other, as of
 * now.
 *
 * @returns `undefined` when unknown.
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
