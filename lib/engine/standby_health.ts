/**
 * What is wrong with a standby, in the words of `status`.
 *
 * @module
 */

import type { LeadFigures } from "./lead_keeper.ts";

/** Records that a standby may lack; what a second's load leaves to be read is no fault. */
const MAX_BEHIND = 1_000;

/**
 * Says how a standby is.
 *
 * @returns `ok`, or what is wrong.
 *
 * @example
 * ```ts
 * import { standbyHealth } from "./standby_health.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const figures = { active: "hub1", engineAnswers: true, behind: 0, settingsDiffer: true };
 * strictEqual(
 *   standbyHealth(figures),
 *   "settings of [publisher] are others than those of hub1, which is active",
 * );
 * ```
 */
export function standbyHealth(
  { active, engineAnswers, behind, settingsDiffer }: Pick<
    LeadFigures,
    "active" | "engineAnswers" | "behind" | "settingsDiffer"
  >,
): string {
  if (!engineAnswers) return "the shared log can't be followed";
  if (behind > MAX_BEHIND) return `${behind} records behind the shared log`;
  return settingsDiffer
    ? `settings of [publisher] are others than those of ${active}, which is active`
    : "ok";
}
