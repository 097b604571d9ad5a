import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { OrderedEnds } from "../../lib/widen/ordered_ends.ts";

const END = fc.oneof(fc.nat(20), fc.constant(Infinity));

Deno.test("OrderedEnds has what a sorted list has", () => {
  const step = fc.record({ isAdd: fc.boolean(), endMs: END });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const ends = new OrderedEnds();
    const model: number[] = [];
    for (const { isAdd, endMs } of steps) {
      const at = model.indexOf(endMs);
      if (isAdd) {
        ends.add(endMs);
        model.push(endMs);
      } else {
        strictEqual(ends.delete(endMs), at !== -1);
        if (at !== -1) model.splice(at, 1);
      }
      model.sort((left, right) => left < right ? -1 : left > right ? 1 : 0);
      strictEqual(ends.size, model.length);
      for (let count = 1; count <= model.length + 1; count++) {
        strictEqual(ends.latest(count), model.at(-count));
      }
    }
  }));
});

Deno.test("OrderedEnds holds as many as may be banned, in any order of coming and going", () => {
  const ends = new OrderedEnds();
  const all = Array.from({ length: 20_000 }, (_, at) => (at * 7_919) % 20_000);
  for (const endMs of all) ends.add(endMs);
  deepStrictEqual([1, 2, 600, 20_000].map((count) => ends.latest(count)), [
    19_999,
    19_998,
    19_400,
    0,
  ]);
  for (const endMs of all.toReversed()) ok(ends.delete(endMs));
  strictEqual(ends.size, 0);
  strictEqual(ends.latest(1), undefined);
});
