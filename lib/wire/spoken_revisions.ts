/**
 * Which revision of protocol 2 two programs speak with each other.
 *
 * HELLO, and ERROR as the answer to it, have the same form in every revision:
 * so programs that have none in common can tell each other. Everything else
 * may differ from one to the next.
 *
 * @module
 */

import type { SpokenRevisions } from "./v2_messages.ts";

/** What a program speaks that does not say it. */
export const UNSAID: SpokenRevisions = { from: 1, to: 1 };
/** What this program speaks. */
export const SPOKEN: SpokenRevisions = { from: 1, to: 1 };

/**
 * The highest revision that both speak.
 *
 * @param left What one of them speaks.
 * @param right What the other does.
 * @returns `undefined` when there is none.
 *
 * @example
 * ```ts
 * import { commonRevision } from "./spoken_revisions.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(commonRevision({ from: 1, to: 3 }, { from: 2, to: 5 }), 3);
 * strictEqual(commonRevision({ from: 1, to: 1 }, { from: 2, to: 5 }), undefined);
 * ```
 */
export function commonRevision(
  left: SpokenRevisions,
  right: SpokenRevisions,
): number | undefined {
  const highest = Math.min(left.to, right.to);
  return highest >= Math.max(left.from, right.from) ? highest : undefined;
}

/** What is spoken, in words: `revision 1`, `revisions 2 to 3`. */
export function spokenText({ from, to }: SpokenRevisions): string {
  return from === to ? `revision ${from}` : `revisions ${from} to ${to}`;
}
