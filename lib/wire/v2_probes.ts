/**
 * What a publisher asks of nodes to find out whether a ban would arrive there,
 * and what they say to it: a probe bans nobody, a fire drill bans for a moment.
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
  /** PROBED, or DRILLED, repeats it. */
  readonly order: number;
  /** Of whom the ban would be. */
  readonly address: Address;
}

/** Asks a program to ban for a moment. */
export interface Drill extends Probe {
  /** For how long. */
  readonly holdMs: number;
}

/** By which rules a program would judge a ban. */
export interface ProbeVerdict {
  /** The rule of its own that refuses the probe's address, as `rule: network`; empty: none does. */
  readonly refused: string;
  /** Names the allowlist of the cluster that it goes by. */
  readonly revision: number;
  /** The widest IPv4 prefix that it takes, in bits. */
  readonly minPrefix4: number;
  /** The widest IPv6 prefix that it takes, in bits. */
  readonly minPrefix6: number;
  /** Whether it takes private addresses. */
  readonly allowPrivate: boolean;
}

/**
 * What an action did in a fire drill. `restored`: it banned, was looked at, and
 * lifted. `standing`: the address was in force before, so nothing was done.
 * `refused`: by a rule of the host, so nothing was done. `failed`: it was not
 * put in force. `unseen`: it says that it was, and what enforces does not have
 * it. `left`: it could not be lifted.
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

/** What one action did. */
export interface DrilledAction {
  /** Its word in `subscriberaction`. */
  readonly name: string;
  /** What it came to. */
  readonly outcome: DrillOutcome;
  /** Whether what enforces was looked at: a program of the operator's can't be. */
  readonly isSeen: boolean;
  /** Time until it was in force, in whole milliseconds; 0: it never was. */
  readonly tookMs: number;
  /** Why, where it did not go well; empty for the others. */
  readonly detail: string;
}

/** What a fire drill came to. */
export interface DrillWord {
  /** Of the actions that keep bans in force; none where nothing was done. */
  readonly actions: readonly DrilledAction[];
  /** Why nothing was done; empty where something was. */
  readonly detail: string;
}

/** Longest time for which a drill bans, in milliseconds. */
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

/** How long a drill bans. */
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
