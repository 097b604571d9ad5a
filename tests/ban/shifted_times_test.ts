import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { columnsOf } from "../../lib/ban/ban_columns.ts";
import { shiftedChange, shiftedColumns } from "../../lib/ban/shifted_times.ts";
import { banBy, lifted, reported } from "../support/values/bans.ts";

Deno.test("shiftedColumns() moves every time, but for ever stays for ever", () => {
  const ban = banBy({ web1: 5_000, web2: Infinity }, { seq: 7 });
  const columns = columnsOf([ban]);
  const shifted = shiftedColumns(columns, 100);
  deepStrictEqual([...shifted.firstMs], [100, 100]);
  deepStrictEqual([...shifted.lastMs], [100, 100]);
  deepStrictEqual([...shifted.expiresMs], [5_100, Infinity]);
  deepStrictEqual(shiftedColumns(shifted, -100), columns);
});

Deno.test("shiftedChange() moves every time, but for ever stays for ever", () => {
  const change = reported(1, "web1", { atMs: 5, expiresMs: 9 });
  deepStrictEqual(shiftedChange(shiftedChange(change, 100), -100), change);
  strictEqual(shiftedChange(lifted(1), 100).atMs, 100);
  const endless = shiftedChange(reported(1), 100);
  strictEqual(endless.kind === "report" && endless.expiresMs, Infinity);
});
