/**
 * Chooses the revision of protocol 2 that two programs speak.
 *
 * HELLO, and ERROR as its answer, have the same form in every revision, so that
 * programs without a common revision can tell each other. Everything else may
 * differ between revisions.
 *
 * @module
 */

import type { SpokenRevisions } from "./v2_messages.ts";

/** Revisions of a program that does not name any. */
export const UNSAID: SpokenRevisions = { from: 1, to: 1 };
/** Revisions of this program. */
export const SPOKEN: SpokenRevisions = { from: 1, to: 1 };

/**
 * The highest common revision.
 *
 * @param left Revisions of one program.
 * @param right Revisions of the other.
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

/** Revisions in words: `revision 1`, `revisions 2 to 3`. */
export function spokenText({ from, to }: SpokenRevisions): string {
  return from === to ? `revision ${from}` : `revisions ${from} to ${to}`;
}
