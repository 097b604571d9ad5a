/**
 * The faults of a standby, in the words of `status`.
 *
 * @module
 */

import type { LeadFigures } from "./lead_keeper.ts";

/**
 * Maximum number of missing records; the backlog of a second's load is no
 * fault.
 */
const MAX_BEHIND = 1_000;

/**
 * Describes the condition of a standby.
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
