/**
 * The inputs and outputs of a plan.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { PlanRateOptions } from "./plan_schedule.ts";
import type { HostBan } from "./enforcer.ts";

/** What can be done about a ban. */
export type PlanAction = "apply" | "lift";

/** Options for a plan: how its enforcer takes bans. */
export interface ActionPlanOptions extends PlanRateOptions {
  /** This node's name: the reporter of record for a ban found in force. */
  readonly hostName: HostName;
  /**
   * Whether bans end by themselves at their time; otherwise they have to be
   * lifted.
   */
  readonly lapses: boolean;
  /** Maximum number of bans in a batch. */
  readonly maxBansAtOnce: number;
  /** Maximum bans that a comparison handles in a step. @default {2000} */
  readonly stepBans?: number;
}

/** Bans to be applied or lifted by one call of the enforcer. */
export interface PlanBatch {
  readonly verb: PlanAction;
  readonly bans: readonly HostBan[];
}

/** How much a plan has to do. */
export interface PlanFigures {
  /** Bans in force, as far as is known. */
  readonly inForce: number;
  /** Bans that wait to be applied or lifted. */
  readonly waiting: number;
  /** Waiting bans that failed before. */
  readonly failing: number;
  /**
   * Wanted bans that were refused; they are tried again only after a change.
   */
  readonly refused: number;
  /** Why the last one failed; `undefined`: nothing fails. */
  readonly lastReason: string | undefined;
}

/** Whether this action has a ban in force; `tried`: perhaps. */
export type PlanState = "applied" | "tried" | "none";

/** Differences between the plan and the bans in force. */
export interface Drift {
  /** Bans that should have been in force and were not. */
  readonly missing: number;
  /** Bans in force that nobody wants. */
  readonly surplus: number;
}
