import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RowExpiries } from "../../lib/rows/row_expiries.ts";

const anyEndMs = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.constant(Infinity),
);
const anyStep = fc.oneof(
  fc.record({
    kind: fc.constant("put" as const),
    row: fc.integer({ min: 0, max: 40 }),
    endMs: anyEndMs,
  }),
  fc.record({
    kind: fc.constant("delete" as const),
    row: fc.integer({ min: 0, max: 40 }),
  }),
  fc.record({
    kind: fc.constant("take" as const),
    nowMs: fc.integer({ min: 0, max: 40 }),
  }),
);

Deno.test("RowExpiries gives each row once it has ended, the first to end first", () => {
  fc.assert(fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
    const ends = new Map<number, number>();
    const expiries = new RowExpiries((row) => ends.get(row) ?? Infinity);
    for (const step of steps) {
      if (step.kind === "take") {
        const given: number[] = [];
        const due = [...ends.values()].filter((endMs) => endMs <= step.nowMs);
        while (true) {
          const row = expiries.due(step.nowMs);
          if (row === undefined) break;
          given.push(ends.get(row) ?? Infinity);
          expiries.delete(row);
          ends.delete(row);
        }
        deepStrictEqual(given, due.toSorted((left, right) => left - right));
        continue;
      }
      expiries.delete(step.row);
      ends.delete(step.row);
      if (step.kind === "delete") continue;
      ends.set(step.row, step.endMs);
      expiries.add(step.row);
    }
    strictEqual(
      expiries.due(1e9) === undefined,
      [...ends.values()].every((endMs) => endMs === Infinity),
    );
  }));
});
