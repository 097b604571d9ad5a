/**
 * Many small steps of a copy as few large ones.
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { ReplicaEffect } from "./replica.ts";

/**
 * Makes one effect of changes that follow each other.
 *
 * @param effects In their order, which is kept.
 */
export function mergedEffects(
  effects: readonly ReplicaEffect[],
): readonly ReplicaEffect[] {
  const merged: ReplicaEffect[] = [];
  let run:
    | { readonly changes: Change[]; readonly steps: BanStep[] }
    | undefined;
  for (const effect of effects) {
    if (effect.kind !== "changed") {
      run = undefined;
      merged.push(effect);
      continue;
    }
    if (run === undefined) {
      run = { changes: [], steps: [] };
      merged.push({ kind: "changed", ...run });
    }
    for (const change of effect.changes) run.changes.push(change);
    for (const step of effect.steps) run.steps.push(step);
  }
  return merged;
}
