import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { NO_ROW, RowIndex } from "../../lib/rows/row_index.ts";

interface Key {
  readonly hash: number;
  readonly name: number;
}

/** Few parts and few hashes in each, so that rows stand in each other's way. */
const anyHash = fc.constantFrom(0, 1, 2, 3, 0xffff_ffff, 0x8000_0000);
const anyStep = fc.record({
  name: fc.integer({ min: 0, max: 60 }),
  isIn: fc.boolean(),
});

Deno.test("RowIndex finds each row that is in it, and no other", () => {
  const all = fc.tuple(
    fc.array(anyHash, { minLength: 61, maxLength: 61 }),
    fc.array(anyStep, { maxLength: 300 }),
  );
  fc.assert(fc.property(all, ([hashes, steps]) => {
    const keys = hashes.map((hash, name): Key => ({ hash, name }));
    const index = new RowIndex<Key>({
      hashOf: (row) => hashes[row] ?? 0,
      hasKey: (row, { name }) => row === name,
    });
    const there = new Set<number>();
    for (const { name, isIn } of steps) {
      if (there.has(name) === isIn) continue;
      if (isIn) index.add(name, hashes[name] ?? 0);
      else index.delete(name, hashes[name] ?? 0);
      if (isIn) there.add(name);
      else there.delete(name);
      for (const key of keys) {
        strictEqual(index.find(key), there.has(key.name) ? key.name : NO_ROW);
      }
    }
  }));
});
