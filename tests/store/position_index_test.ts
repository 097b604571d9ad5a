import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { PositionIndex } from "../../lib/store/position_index.ts";

/** Few hashes, so that many share a slot or a shard. */
const anyHash = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(0xffff_ffff, 0x100, 0x1_0000, 0x8000_0000),
);
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("add" as const), anyHash) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("forget" as const), fc.nat({ max: 5 })),
  },
);

Deno.test("PositionIndex has every position with its hash, and none that is forgotten", () => {
  fc.assert(fc.property(
    fc.array(anyStep, { maxLength: 300 }),
    fc.constantFrom(0, 2 ** 40),
    (steps, base) => {
      const index = new PositionIndex(base);
      const expected = new Map<number, number[]>();
      let [position, first] = [base, base];
      for (const [step, value] of steps) {
        if (step === "add") {
          index.add(value, ++position);
          expected.set(value, [...expected.get(value) ?? [], position]);
        } else {
          first = Math.min(position + 1, first + value);
          index.forgetBefore(first);
        }
      }
      for (const [hash, positions] of expected) {
        deepStrictEqual(
          index.at(hash).toSorted((left, right) => left - right),
          positions.filter((each) => each >= first),
        );
      }
    },
  ));
});

Deno.test("PositionIndex.replace() gives the position before, and takes it back", () => {
  fc.assert(fc.property(fc.array(anyHash, { maxLength: 300 }), (hashes) => {
    const index = new PositionIndex();
    const expected = new Map<number, number>();
    const undo: [number, number][] = [];
    hashes.forEach((hash, at) => {
      const before = index.replace(hash, at + 1);
      strictEqual(before, expected.get(hash) ?? 0);
      expected.set(hash, at + 1);
      undo.push([hash, before]);
    });
    for (const [hash, position] of expected) {
      strictEqual(index.get(hash), position);
      deepStrictEqual(index.at(hash), [position]);
    }
    for (const [hash, before] of undo.reverse()) index.replace(hash, before);
    for (const hash of hashes) strictEqual(index.get(hash), 0);
  }));
});

Deno.test("PositionIndex takes no more room as long as it forgets as much as it is told", () => {
  const index = new PositionIndex();
  for (let position = 1; position <= 200_000; position++) {
    index.add(Math.imul(position, 0x9e3779b1) >>> 0, position);
    index.forgetBefore(position - 999);
  }
  // Of a thousand entries: 16 bytes each where half the slots are free.
  strictEqual(index.bytes <= 64 * 1_000, true, `${index.bytes} bytes`);
});

Deno.test("PositionIndex.noteAll() does what add() and replace() do", () => {
  const anyRuns = fc.array(fc.array(anyHash, { maxLength: 60 }), {
    maxLength: 5,
  });
  fc.assert(fc.property(
    anyRuns,
    fc.constantFrom(0, 2 ** 40),
    fc.boolean(),
    (hashes, base, replaces) => {
      const [index, expected] = [
        new PositionIndex(base),
        new PositionIndex(base),
      ];
      let position = base + 1;
      const runs = hashes.map((each) => {
        const run = { first: position, hashes: Uint32Array.from(each) };
        for (const hash of each) {
          if (hash !== 0 && replaces) expected.replace(hash, position);
          else if (hash !== 0) expected.add(hash, position);
          position++;
        }
        return run;
      });
      index.noteAll(runs, replaces);
      for (const hash of hashes.flat()) {
        deepStrictEqual(
          index.at(hash).toSorted(),
          expected.at(hash).toSorted(),
        );
      }
    },
  ));
});
