import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { countBits, RowSet, wordsOf } from "../../lib/rows/row_set.ts";

/** The rows of a set. */
function rowsIn(set: RowSet, words: number): number[] {
  return [...set.bits(words)].flatMap((word, at) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => (word & (1 << bit)) !== 0)
      .map((bit) => 32 * at + bit)
  );
}

Deno.test("RowSet has what was put into it and not taken out, as a list and as bits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(400), fc.boolean()), { maxLength: 300 }),
      (puts) => {
        const set = new RowSet();
        const expected = new Set<number>();
        for (const [row, isIn] of puts) {
          set.put(row, isIn);
          if (isIn) expected.add(row);
          else expected.delete(row);
        }
        strictEqual(set.size, expected.size);
        deepStrictEqual(
          rowsIn(set, wordsOf(401)),
          [...expected].sort((left, right) => left - right),
        );
      },
    ),
  );
});

Deno.test("countBits() counts the bits of any word", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (number) => {
    const word = number >>> 0;
    strictEqual(countBits(word), word.toString(2).replaceAll("0", "").length);
    strictEqual(countBits(word | 0), countBits(word));
  }));
});
