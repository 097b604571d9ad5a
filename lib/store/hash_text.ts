/**
 * The hashes in rows of a log, as one text: a row for each would take several
 * times as long.
 *
 * @module
 */

import type { PositionIndex } from "./position_index.ts";

/** SQL that makes the text of rows that follow each other. */
export const HASH_TEXT =
  "group_concat(coalesce(event_hash, '') || ' ' || coalesce(ban_hash, ''))";

const [SPACE, COMMA] = [0x20, 0x2c];

/**
 * Puts the hashes of a text into the indexes.
 *
 * @param text What {@link HASH_TEXT} made.
 * @param from Position of the first row.
 * @param events Of the events' hashes.
 * @param bans Of the bans' hashes: of each its last row.
 *
 * @example
 * ```ts
 * import { readHashes } from "./hash_text.ts";
 * import { PositionIndex } from "./position_index.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const [events, bans] = [new PositionIndex(), new PositionIndex()];
 * readHashes("11 7,12 7,13 ", 5, events, bans);
 * deepStrictEqual([11, 12, 13].flatMap((hash) => events.at(hash)), [5, 6, 7]);
 * strictEqual(bans.get(7), 6);
 * ```
 */
export function readHashes(
  text: string,
  from: number,
  events: Pick<PositionIndex, "add">,
  bans: Pick<PositionIndex, "replace">,
): void {
  let position = from;
  let hash = -1;
  for (let index = 0; index <= text.length; index++) {
    const unit = index < text.length ? text.charCodeAt(index) : COMMA;
    if (unit === SPACE) {
      if (hash >= 0) events.add(hash, position);
      hash = -1;
    } else if (unit === COMMA) {
      if (hash >= 0) bans.replace(hash, position);
      hash = -1;
      position++;
    } else {
      hash = Math.max(hash, 0) * 10 + unit - 0x30;
    }
  }
}
