import { deepStrictEqual, throws } from "node:assert/strict";
import {
  banRow,
  readBanHead,
  readReport,
  reportRow,
} from "../../lib/store/ban_rows.ts";
import { UnusableStoreError } from "../../lib/store/store_errors.ts";
import { banKey, NOW_MS, report } from "../support/values/stored_changes.ts";

const IP = banKey("192.0.2.1");
const HEAD = { id: 7, ...IP, seq: 3, isPending: true };
const PLACED = {
  origin: report(1, IP).origin,
  place: 1,
  firstMs: NOW_MS,
  lastMs: NOW_MS + 0.5,
  expiresMs: Infinity,
};

/** Rows as they are written, and what reads them. */
const ROWS: readonly (readonly [
  name: string,
  values: readonly unknown[],
  read: (values: readonly unknown[]) => unknown,
])[] = [
  ["ban", banRow(HEAD), readBanHead],
  [
    "report of a ban",
    reportRow(7, PLACED).slice(1),
    (values) => readReport(7, values),
  ],
];

Deno.test("rows give back what was written", () => {
  deepStrictEqual(ROWS.map(([, values, read]) => read(values)), [HEAD, PLACED]);
});

for (const [name, values, read] of ROWS) {
  Deno.test(`rows are refused that are not as written: ${name}`, () => {
    values.forEach((value, index) => {
      const others = typeof value === "number"
        ? [value === Infinity ? 1 : value + 1, String(value)]
        : [`${value}x`, 5];
      for (const other of others) {
        throws(
          () => read(values.with(index, other)),
          UnusableStoreError,
          `value ${index}: ${other}`,
        );
      }
    });
    throws(() => read([]), UnusableStoreError);
  });
}
