import { deepStrictEqual } from "node:assert/strict";
import {
  IMPORT_CSV_HEADING,
  importCsv,
  importedLines,
  importTable,
} from "../../lib/views/import_view.ts";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";
import {
  DROP,
  IMPORTS,
  LIST,
  NOW_MS,
  OUTCOME,
} from "../support/values/imports.ts";

Deno.test("what became of a list is told with the lines that were refused", () => {
  deepStrictEqual(importedLines(DROP, LIST, OUTCOME), [
    "drop: 1,486 entries; 14 new, 9 gone, 1,460 stand, 9 twice, 3 refused",
    '  line 812: 10.0.0.0/8 is private      line 900: 0.0.0.0/8 is special      line 1201: "foo" is no address',
  ]);
});

Deno.test("of many refused lines the first are told", () => {
  const refusals = Array.from({ length: 40 }, (_, at) => ({
    ...OUTCOME.refusals[0],
    at: at + 1,
  })) as unknown as typeof OUTCOME.refusals;
  const lines = importedLines(DROP, { ...LIST, entries: [] }, {
    ...{ ...OUTCOME, refusals, refused: 40 },
  });
  deepStrictEqual(lines.length, 12);
  deepStrictEqual(lines.at(-1), "  and 10 more");
});

Deno.test("imports are told with their age and end", () => {
  deepStrictEqual(importTable(IMPORTS, NOW_MS, PLAIN_PLACE), [
    "NAME  ENTRIES  STAND  IMPORTED  ENDS IN",
    "drop    1,474  1,473  9 h       27 h",
    "drop        3      0  1 d       never    is being removed",
    "drop       12      0  1 d       over     is being carried out",
  ]);
  deepStrictEqual(importTable([], NOW_MS, PLAIN_PLACE), ["no imports"]);
  deepStrictEqual([IMPORT_CSV_HEADING, ...IMPORTS.map(importCsv)].slice(0, 2), [
    "name,entries,standing,imported,ends,state",
    "drop,1474,1473,2026-11-29T03:00:00.000Z,2026-11-30T15:00:00.000Z,settled",
  ]);
});
