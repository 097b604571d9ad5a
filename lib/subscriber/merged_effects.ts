/**
 * Merges many small effects of a copy into few large ones.
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { ReplicaEffect } from "./replica.ts";

/**
 * Merges consecutive changes into one effect.
 *
 * @param effects Their order is kept.
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
