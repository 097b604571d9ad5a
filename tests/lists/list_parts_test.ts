import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { fault, type ListEntry } from "../../lib/lists/list_entry.ts";
import { listParts } from "../../lib/lists/list_parts.ts";
import { anyAddress } from "../support/values/any_values.ts";

const anyEntries = fc.array(
  fc.tuple(fc.nat({ max: 30 }), fc.option(anyAddress)),
  { maxLength: 200 },
).map((all): readonly ListEntry[] => {
  let at = 0;
  return all.map(([gap, address]) => {
    at += gap + 1;
    return address === null
      ? fault(at, "foo", "is no address")
      : { kind: "address", at, address };
  });
});

Deno.test("listParts() has each address at its place, in parts within their bounds", () => {
  const bounds = fc.record({
    maxEntries: fc.integer({ min: 1, max: 50 }),
    maxLength: fc.integer({ min: 60, max: 800 }),
  });
  fc.assert(fc.property(anyEntries, bounds, (entries, bounds) => {
    const found: ListEntry[] = [];
    for (const { from, addresses } of listParts(entries, bounds)) {
      ok(addresses.length >= 1 && addresses.length <= bounds.maxEntries);
      const length = JSON.stringify(addresses).length;
      ok(length <= bounds.maxLength + 1, `${length}`);
      for (const [index, address] of addresses.entries()) {
        if (address === "") continue;
        found.push({ kind: "address", at: from + index, address });
      }
    }
    deepStrictEqual(found, entries.filter(({ kind }) => kind === "address"));
  }));
});

Deno.test("listParts() of a long list are few", () => {
  const entries = Array.from({ length: 10_000 }, (_, at) => ({
    ...{ kind: "address" as const, at: at + 1 },
    address: `192.0.2.${at % 256}` as never,
  }));
  const parts = [
    ...listParts(entries, { maxEntries: 400, maxLength: 3_800 }),
  ];
  ok(parts.length < 50, `${parts.length}`);
});
