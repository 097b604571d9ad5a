import { deepStrictEqual, throws } from "node:assert/strict";
import type { Change } from "../../lib/ban/ban.ts";
import { BanBlock } from "../../lib/ban/ban_block.ts";
import { columnsOf } from "../../lib/ban/ban_columns.ts";
import {
  blockRow,
  changeRow,
  readBlock,
  readChange,
} from "../../lib/store/replica_tables.ts";
import { UnusableStoreError } from "../../lib/sqlite/store_errors.ts";
import { banBy } from "../support/values/bans.ts";
import {
  banKey,
  lift,
  report,
  withdraw,
} from "../support/values/stored_changes.ts";

const IP = banKey("192.0.2.1");
const BANS = [banBy({ web1: 5_000, web2: Infinity })];
const CHANGES: readonly Change[] = [
  { ...report(3, IP), isPending: true },
  withdraw(3, IP),
  lift(3, IP),
];

/** Rows as they are written, and what reads them. */
const ROWS: readonly (readonly [
  name: string,
  values: readonly unknown[],
  read: (values: readonly unknown[]) => unknown,
  is: unknown,
])[] = [
  [
    "block",
    blockRow(7, BanBlock.of(BANS), 0),
    (values) => readBlock(asRow(values), 7),
    columnsOf(BANS),
  ],
  ...CHANGES.map((change) =>
    [
      change.kind,
      changeRow(1, change),
      (values: readonly unknown[]) => readChange(asRow(values), 3),
      change,
    ] as const
  ),
];

function asRow(values: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(values.map((value, at) => [`column${at}`, value]));
}

Deno.test("rows of a copy give back what was written", () => {
  for (const [, values, read, is] of ROWS) deepStrictEqual(read(values), is);
});

function othersOf(value: unknown): readonly unknown[] {
  if (typeof value === "number") {
    return [value === Infinity ? 1 : value + 1, String(value)];
  }
  if (value instanceof Uint8Array) {
    return [value.with(9, (value[9] ?? 0) ^ 1), value.slice(1), "x"];
  }
  return [`${value}x`, 5];
}

for (const [name, values, read] of ROWS) {
  Deno.test(`rows of a copy are refused that are not as written: ${name}`, () => {
    values.forEach((value, index) => {
      for (const other of othersOf(value)) {
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
