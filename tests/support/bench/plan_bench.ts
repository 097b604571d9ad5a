/**
 * A plan, and its input and output as text.
 *
 * @module
 */

import { ActionPlan } from "../../../lib/enforce/action_plan.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type {
  ActionPlanOptions,
  Drift,
  PlanBatch,
} from "../../../lib/enforce/plan_types.ts";
import type { HostBan } from "../../../lib/enforce/enforcer.ts";
import { address, host, jail } from "../values/core_values.ts";

/** A ban of `192.0.2.x` in the dedicated jail. */
export function planBan(last: number, expiresMs = Infinity): HostBan {
  return {
    jail: CLUSTER_JAIL,
    address: address(`192.0.2.${last}`),
    expiresMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  };
}

/** A plan that does not lapse, with batches of 10 by default. */
export function planOf(options: Partial<ActionPlanOptions> = {}): ActionPlan {
  return new ActionPlan({
    hostName: host("here"),
    lapses: false,
    maxBansAtOnce: 10,
    ...options,
  });
}

/** Adds bans to a plan. */
export function want(plan: ActionPlan, ...bans: readonly HostBan[]): void {
  for (const ban of bans) plan.update({ kind: "stands", ban });
}

/** Removes bans from a plan. */
export function drop(plan: ActionPlan, ...bans: readonly HostBan[]): void {
  for (const ban of bans) plan.update({ kind: "withdrawn", ban });
}

/** A batch as text, such as `apply 1 2`. */
export function told(work: PlanBatch | undefined): string | undefined {
  if (work === undefined) return undefined;
  const ends = work.bans.map(({ address }) => address.split(".")[3]);
  return `${work.verb} ${ends.join(" ")}`;
}

/** Takes the next batch, which must exist. */
export function nextOf(plan: ActionPlan, nowMs = 0): PlanBatch {
  const work = plan.next(nowMs);
  if (work === undefined) throw new TypeError("The plan has nothing to do");
  return work;
}

/** Carries out all batches successfully. */
export function carryOut(plan: ActionPlan, nowMs = 0): string[] {
  const done: string[] = [];
  while (true) {
    const work = plan.next(nowMs);
    if (work === undefined) return done;
    done.push(told(work) ?? "");
    plan.record(work, [], nowMs);
  }
}

/** Compares a plan with listed bans, in one go. */
export function reconcile(
  plan: ActionPlan,
  ...[listed, isOurs, nowMs, retriesRefused]: Parameters<
    ActionPlan["reconcile"]
  >
): Drift {
  const steps = plan.reconcile(listed, isOurs, nowMs, retriesRefused);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
