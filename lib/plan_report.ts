/**
 * What a plan hands out, and what it tells of itself.
 *
 * @module
 */

import type { Verb } from "./plan_entry.ts";
import type { LocalBan } from "./ports.ts";

/** A batch. */
export interface Work {
  readonly verb: Verb;
  readonly bans: readonly LocalBan[];
}

/** What the plan has to do, and what it is about. */
export interface PlanFigures {
  /** Bans that are in force, as far as one knows. */
  readonly inForce: number;
  /** Bans that wait to be applied or lifted. */
  readonly waiting: number;
  /** Those of them that failed before. */
  readonly failing: number;
  /** Why the last one failed; `undefined` when nothing fails. */
  readonly lastReason: string | undefined;
}

/** What differed between the plan and the world. */
export interface Drift {
  /** Bans that should have been in force and were not. */
  readonly missing: number;
  /** Bans in force that nobody wants. */
  readonly surplus: number;
}
