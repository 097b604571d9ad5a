/**
 * Imports as the operator's command sees them.
 *
 * @module
 */

import { parseImportName } from "../../../lib/base/operator_name.ts";
import { parseList } from "../../../lib/lists/parse_list.ts";
import type {
  ImportOutcome,
  LiveImport,
} from "../../../lib/wire/operator_imports.ts";
import { address } from "./core_values.ts";

const name = parseImportName("drop");
if (name === undefined) throw new Error("No import's name");
/** Its name. */
export const DROP = name;
/** The time of all this. */
export const NOW_MS = Date.UTC(2026, 10, 29, 12);

/** A list with an invalid line. */
export const LIST = parseList(
  `${"\n".repeat(811)}10.0.0.0/8\n${"\n".repeat(87)}0.0.0.0/8\n${
    "\n".repeat(300)
  }foo\n`,
  "netset",
);

/** The result of its import. */
export const OUTCOME: ImportOutcome = {
  ...{ entries: 1_486, added: 14, gone: 9, standing: 1_460 },
  ...{ lifted: 0, repeated: 9, refused: 3 },
  refusals: [
    {
      ...{ at: 812, address: address("10.0.0.0/8") },
      ...{ rule: "private", because: "10.0.0.0/8" },
    },
    {
      ...{ at: 900, address: address("0.0.0.0/8") },
      ...{ rule: "unspecified", because: "0.0.0.0/8" },
    },
  ],
  endsMs: NOW_MS + 36 * 3_600_000,
};

/** Two imports, one of which has ended. */
export const IMPORTS: readonly LiveImport[] = [
  {
    ...{ name: DROP, entries: 1_474, standing: 1_473 },
    ...{ atMs: NOW_MS - 9 * 3_600_000, endsMs: NOW_MS + 27 * 3_600_000 },
    state: "settled",
  },
  {
    ...{ name: DROP, entries: 3, standing: 0 },
    ...{ atMs: NOW_MS - 86_400_000, endsMs: null, state: "leaving" },
  },
  {
    ...{ name: DROP, entries: 12, standing: 0 },
    ...{ atMs: NOW_MS - 86_400_000, endsMs: NOW_MS - 1, state: "taken" },
  },
];
