/**
 * Questions of a publisher to find out whether a ban would arrive at nodes, and
 * the answers: a probe bans nobody, a fire drill bans for a moment.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import {
  flag,
  integer,
  list,
  type Members,
  oneOf,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import { MAX_ACTIONS } from "./v2_limits.ts";
import { parseWord, parseWords } from "./v2_ids.ts";

/** Asks what a program would do with a ban. */
export interface Probe {
  /** PROBED or DRILLED repeats it. */
  readonly order: number;
  /** The address to ban. */
  readonly address: Address;
}

/** Asks a program to ban for a moment. */
export interface Drill extends Probe {
  /** How long, in milliseconds. */
  readonly holdMs: number;
}

/** The rules by which a program would decide about a ban. */
export interface ProbeVerdict {
  /** Its rule against the probe's address, as `rule: network`; empty: none. */
  readonly refused: string;
  /** Revision of the cluster's allowlist that it uses. */
  readonly revision: number;
  /** Shortest IPv4 prefix that it accepts, in bits. */
  readonly minPrefix4: number;
  /** Shortest IPv6 prefix that it accepts, in bits. */
  readonly minPrefix6: number;
  /** Whether it accepts private addresses. */
  readonly allowPrivate: boolean;
}

/**
 * The result of an action in a fire drill. `restored`: it banned, the ban was
 * seen, and it lifted the ban. `standing`: the address was in force before, so
 * nothing was done. `refused`: a rule of the host refused it, so nothing was
 * done. `failed`: it was not put in force. `unseen`: the action reported it as
 * in force, but the enforcer does not have it. `left`: it could not be lifted.
 */
export type DrillOutcome = typeof DRILL_OUTCOMES[number];

/** Every {@link DrillOutcome}. */
export const DRILL_OUTCOMES = [
  "restored",
  "standing",
  "refused",
  "failed",
  "unseen",
  "left",
] as const;

/** The result of one action. */
export interface DrilledAction {
  /** Its name in `subscriberaction`. */
  readonly name: string;
  /** The outcome. */
  readonly outcome: DrillOutcome;
  /** Whether the enforcer was checked: an operator's own program can't be. */
  readonly isSeen: boolean;
  /** Time until it was in force, in whole milliseconds; 0: it never was. */
  readonly tookMs: number;
  /** The reason if it went wrong; otherwise empty. */
  readonly detail: string;
}

/** The result of a fire drill. */
export interface DrillWord {
  /** The actions that keep bans in force; empty if nothing was done. */
  readonly actions: readonly DrilledAction[];
  /** Why nothing was done; empty if something was. */
  readonly detail: string;
}

/** Longest duration of a drill's ban, in milliseconds. */
export const MAX_HOLD_MS = 60_000;

const words = (name: string) => text(name, parseWords);
const MAX_PREFIX4 = 32;
const MAX_PREFIX6 = 128;

/** The members of a {@link ProbeVerdict}. */
export const PROBE_VERDICT: Members<ProbeVerdict> = {
  refused: words("refused"),
  revision: integer("revision", 0),
  minPrefix4: integer("minPrefix4", 0, MAX_PREFIX4),
  minPrefix6: integer("minPrefix6", 0, MAX_PREFIX6),
  allowPrivate: flag("allowPrivate"),
};

/** Duration of a drill's ban, in milliseconds. */
export const holdMs: Shape<number> = integer("holdMs", 1, MAX_HOLD_MS);

/** The members of a {@link DrillWord}. */
export const DRILL_WORD: Members<DrillWord> = {
  actions: list(
    "actions",
    record<DrilledAction>({
      name: text("name", parseWord),
      outcome: oneOf("outcome", DRILL_OUTCOMES),
      isSeen: flag("isSeen"),
      tookMs: integer("tookMs", 0),
      detail: words("detail"),
    }),
    0,
    MAX_ACTIONS,
  ),
  detail: words("detail"),
};
