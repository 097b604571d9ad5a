import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { hostOf, jailOf } from "../../lib/store/ban_rows.ts";
import {
  type LogNames,
  logRow,
  readLogRow,
  type RowPlace,
} from "../../lib/store/log_rows.ts";
import { NameTable } from "../../lib/store/name_table.ts";
import type { StoreEntry } from "../../lib/ban/ban_store.ts";
import { checksum } from "../../lib/base/checksum.ts";
import type { SqlDatabase, SqlRow } from "../../lib/sqlite/sql.ts";
import { UnusableStoreError } from "../../lib/sqlite/store_errors.ts";
import {
  anyBatches,
  banKey,
  eventName,
  lift,
  report,
  withdraw,
} from "../support/values/stored_changes.ts";

/** Takes every name, and has none of before. */
const NO_DATABASE: SqlDatabase = {
  isTransaction: true,
  exec: () => {},
  prepare: () => ({
    run: () => ({ changes: 1, lastInsertRowid: 1 }),
    get: () => undefined,
    all: () => [],
  }),
};
const NAMES: LogNames = {
  jails: new NameTable(NO_DATABASE, "jails", jailOf),
  nodes: new NameTable(NO_DATABASE, "nodes", hostOf),
};
const PLACE: RowPlace = {
  ...{ position: 9, seq: 7, atMs: 1_000, previous: 3 },
};
const IP = banKey("192.0.2.1");
const ENTRIES: Readonly<Record<string, StoreEntry>> = {
  "a report": { event: eventName("e1"), change: report(7, IP) },
  "a pending report": {
    event: undefined,
    change: { ...report(7, IP, { expiresMs: 0.25 }), isPending: true },
  },
  "a withdrawal": { event: eventName("e2", "web-3"), change: withdraw(7, IP) },
  "a lift": { event: undefined, change: lift(7, IP) },
  "an event that changed nothing": {
    event: eventName("e3"),
    change: undefined,
  },
};

/** The row of an entry; its time is that of its change. */
function valuesOf(entry: StoreEntry): readonly unknown[] {
  const { atMs = PLACE.atMs } = entry.change ?? {};
  return logRow(entry, { ...PLACE, atMs }, NAMES);
}

function read(values: readonly unknown[]) {
  return readLogRow(values as unknown as SqlRow, NAMES);
}

for (const [name, entry] of Object.entries(ENTRIES)) {
  Deno.test(`logRow() and readLogRow() give back ${name}`, () => {
    const { change, event } = entry;
    const previous = change === undefined ? 0 : 3;
    deepStrictEqual(read(valuesOf(entry)), {
      ...{ position: 9, seq: 7, change, event, previous },
    });
  });

  Deno.test(`readLogRow() refuses ${name} of which a value is another`, () => {
    const values = valuesOf(entry);
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

Deno.test("readLogRow() gives back every change", () => {
  fc.assert(fc.property(anyBatches, (batches) => {
    for (const change of batches.flat()) {
      const entry = { event: undefined, change };
      const { atMs, seq } = change;
      const row = logRow(entry, { ...PLACE, atMs, seq }, NAMES);
      deepStrictEqual(read(row).change, change);
    }
  }));
});

Deno.test("readLogRow() refuses rows whose sum is right and whose values are none", () => {
  const good = valuesOf(ENTRIES["a report"] as StoreEntry).slice(0, -1);
  for (
    const [index, value] of [
      [1, "1"],
      [2, null],
      [3, 5],
      [4, 99],
      [5, "192.0.2.01"],
      [6, 99],
      [7, null],
      [8, 99],
      [9, 1],
    ] as const
  ) {
    const values = good.with(index, value);
    throws(() => read([...values, checksum(...values)]), (error: unknown) => {
      ok(error instanceof UnusableStoreError);
      strictEqual(error.reason, "damaged");
      ok(/^a row of (log|jails|nodes) is not as it was written$/.test(
        error.message,
      ));
      return true;
    }, `${index}: ${value}`);
  }
});
