import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  banRow,
  CHANGE_COLUMNS,
  changeRow,
  readBanHead,
  readChange,
  readReport,
  reportRow,
} from "../../lib/store/ban_rows.ts";
import { readReceipt, receiptRow } from "../../lib/store/receipt_rows.ts";
import { checksum } from "../../lib/base/checksum.ts";
import type { SqlRow } from "../../lib/store/sql.ts";
import { UnusableStoreError } from "../../lib/store/store_errors.ts";
import {
  anyBatches,
  banKey,
  lift,
  NOW_MS,
  receipt,
  report,
  withdraw,
} from "../support/values/stored_changes.ts";

const IP = banKey("192.0.2.1");
const HEAD = { id: 7, ...IP, seq: 3, isPending: true };
const PLACED = {
  origin: report(1, IP).origin,
  place: 1,
  firstMs: NOW_MS,
  lastMs: NOW_MS + 0.5,
  expiresMs: Infinity,
};

function row(values: readonly unknown[]): SqlRow {
  return values as unknown as SqlRow;
}

/** Rows as they are written, and what reads them. */
const ROWS: readonly (readonly [
  name: string,
  values: readonly unknown[],
  read: (values: readonly unknown[]) => unknown,
])[] = [
  ["report", changeRow(report(1, IP)), (values) => readChange(row(values))],
  ["withdraw", changeRow(withdraw(2, IP)), (values) => readChange(row(values))],
  ["lift", changeRow(lift(3, IP)), (values) => readChange(row(values))],
  ["ban", banRow(HEAD), readBanHead],
  [
    "report of a ban",
    reportRow(7, PLACED).slice(1),
    (values) => readReport(7, values),
  ],
  [
    "receipt",
    receiptRow(receipt(IP, { detail: "a|b" })),
    (values) => readReceipt(row(values)),
  ],
];

Deno.test("rows give back what was written", () => {
  deepStrictEqual(
    ROWS.map(([, values, read]) => read(values)),
    [
      report(1, IP),
      withdraw(2, IP),
      lift(3, IP),
      HEAD,
      PLACED,
      receipt(IP, { detail: "a|b" }),
    ],
  );
  fc.assert(fc.property(anyBatches, (batches) => {
    const changes = batches.flat();
    deepStrictEqual(
      changes.map((change) => readChange(row(changeRow(change)))),
      changes,
    );
  }));
});

Deno.test("rows may be read by name as well", () => {
  const names = CHANGE_COLUMNS.split(", ");
  const values = changeRow(report(1, IP));
  const named = names.map((name, index) => [name, values[index]]);
  deepStrictEqual(readChange(Object.fromEntries(named)), report(1, IP));
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

Deno.test("rows are refused whose sum is right and whose values are none", () => {
  const good = changeRow(report(1, IP)).slice(0, -1);
  for (
    const [index, value] of [
      [0, "1"],
      [1, null],
      [2, "unban"],
      [3, "a|b"],
      [4, "192.0.2.01"],
      [5, "-"],
      [6, null],
    ] as const
  ) {
    const values = good.with(index, value);
    throws(
      () => readChange(row([...values, checksum(...values)])),
      (error: unknown) => {
        ok(error instanceof UnusableStoreError);
        strictEqual(error.reason, "damaged");
        strictEqual(error.message, "a row of changes is not as it was written");
        return true;
      },
      `${index}: ${value}`,
    );
  }
});
