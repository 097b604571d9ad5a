/**
 * The values that go into a plan and come out of it.
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
  /** This node's name: it stands for whoever reported a ban that is found in force. */
  readonly hostName: HostName;
  /** Whether bans end by themselves at their time; others have to be lifted then. */
  readonly lapses: boolean;
  /** Bans in a batch at most. */
  readonly maxBansAtOnce: number;
  /** Bans that a comparison looks at in a step. @default {2000} */
  readonly stepBans?: number;
}

/** Bans to be applied or lifted by one call of the enforcer. */
export interface PlanBatch {
  readonly verb: PlanAction;
  readonly bans: readonly HostBan[];
}

/** How much a plan has to do. */
export interface PlanFigures {
  /** Bans that are in force, as far as one knows. */
  readonly inForce: number;
  /** Bans that wait to be applied or lifted. */
  readonly waiting: number;
  /** Those of them that failed before. */
  readonly failing: number;
  /** Wanted bans that were refused for good: they are tried again only when something changes. */
  readonly refused: number;
  /** Why the last one failed; `undefined` when nothing fails. */
  readonly lastReason: string | undefined;
}

/** Whether a ban is in force by this action's doing; `tried`: perhaps. */
export type PlanState = "applied" | "tried" | "none";

/** What differed between the plan and the world. */
export interface Drift {
  /** Bans that should have been in force and were not. */
  readonly missing: number;
  /** Bans in force that nobody wants. */
  readonly surplus: number;
}
