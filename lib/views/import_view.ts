/**
 * Imports and the results of a list, for an operator.
 *
 * @module
 */

import type { ImportName } from "../base/operator_name.ts";
import type { ParsedList } from "../lists/parse_list.ts";
import type {
  ImportOutcome,
  LiveImport,
  RefusedEntry,
} from "../wire/operator_imports.ts";
import {
  GrowingTable,
  type OutputPlace,
  type TableLayout,
} from "./operator_output.ts";
import { countText, csvLine, isoText, spanText } from "./plain_texts.ts";

/** Most refused entries shown. */
const MAX_SHOWN = 30;
const COLUMNS = 100;
const GAP = "      ";

/** A refused entry. */
interface RefusedPlace {
  readonly at: number;
  /** Its text in the list. */
  readonly text: string;
  /** The text that follows, such as `is private`. */
  readonly why: string;
}

/**
 * The result of a list.
 *
 * @param list The list as it was read.
 */
export function importedLines(
  name: ImportName,
  list: ParsedList,
  outcome: ImportOutcome,
): readonly string[] {
  const { entries, added, gone, standing } = outcome;
  const { lifted, repeated, refused } = outcome;
  const counts = ([
    [added, "new"],
    [gone, "gone"],
    [standing, standing === 1 ? "stands" : "stand"],
    [lifted, lifted === 1 ? "stays lifted" : "stay lifted"],
    [repeated, "twice"],
    [refused, "refused"],
  ] as const).flatMap(([count, word]) =>
    count === 0 ? [] : [`${countText(count)} ${word}`]
  );
  const all = `${countText(entries)} ${entries === 1 ? "entry" : "entries"}`;
  return [
    `${name}: ${all}; ${counts.join(", ")}`,
    ...refusedLines(list, outcome),
  ];
}

/** A line of JSON; see `docs/schemas/import.json`. */
export function importedJson(
  name: ImportName,
  list: ParsedList,
  outcome: ImportOutcome,
): string {
  const { entries, added, gone, standing } = outcome;
  const { lifted, repeated, refused, endsMs } = outcome;
  return JSON.stringify({
    name,
    format: list.format,
    ...{ entries, added, gone, standing, lifted, repeated, refused },
    ends: isoText(endsMs),
    refusals: refusedPlaces(list, outcome),
  });
}

/** Layout of the table of imports. */
const IMPORT_LAYOUT: TableLayout = {
  heading: ["NAME", "ENTRIES", "STAND", "IMPORTED", "ENDS IN", ""],
  shrinking: [0],
  right: [1, 2],
};

/** The imports as a table. */
export function importTable(
  imports: readonly LiveImport[],
  nowMs: number,
  place: OutputPlace,
): readonly string[] {
  if (imports.length === 0) return ["no imports"];
  return new GrowingTable(IMPORT_LAYOUT, place).lines(imports.map((
    { name, entries, standing, atMs, endsMs, state },
  ) => [
    name,
    countText(entries),
    countText(standing),
    spanText(nowMs - atMs),
    endsText(endsMs, nowMs),
    STATES[state],
  ]));
}

const STATES: Readonly<Record<LiveImport["state"], string>> = {
  taken: "is being carried out",
  settled: "",
  leaving: "is being removed",
};

function endsText(endsMs: number | null, nowMs: number): string {
  if (endsMs === null) return "never";
  return endsMs <= nowMs ? "over" : spanText(endsMs - nowMs);
}

/** The first line of imports as CSV. */
export const IMPORT_CSV_HEADING = "name,entries,standing,imported,ends,state";

/** An import as CSV. */
export function importCsv(
  { name, entries, standing, atMs, endsMs, state }: LiveImport,
): string {
  const [imported, ends] = [isoText(atMs) ?? "", isoText(endsMs) ?? ""];
  return csvLine([name, entries, standing, imported, ends, state]);
}

/** A line of JSON; see `docs/schemas/imports.json`. */
export function importJson(
  { name, entries, standing, atMs, endsMs, state }: LiveImport,
): string {
  return JSON.stringify({
    ...{ name, entries, standing },
    imported: isoText(atMs),
    ends: isoText(endsMs),
    state,
  });
}

/** Refused entries, several per line. */
function refusedLines(
  list: ParsedList,
  outcome: ImportOutcome,
): readonly string[] {
  const texts = refusedPlaces(list, outcome).slice(0, MAX_SHOWN)
    .map(({ at, text, why }) => `${list.unit} ${at}: ${text} ${why}`);
  const more = outcome.refused - texts.length;
  if (more > 0) texts.push(`and ${countText(more)} more`);
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    const joined = `${last ?? ""}${GAP}${text}`;
    if (last === undefined || joined.length > COLUMNS + GAP.length) {
      lines.push(`  ${text}`);
    } else lines[lines.length - 1] = joined;
  }
  return lines;
}

/** Invalid entries and those that the publisher refused, in list order. */
function refusedPlaces(
  { entries }: ParsedList,
  { refusals }: ImportOutcome,
): readonly RefusedPlace[] {
  const faults = entries.flatMap((entry) =>
    entry.kind === "fault"
      ? [{ at: entry.at, text: JSON.stringify(entry.text), why: entry.why }]
      : []
  );
  const refused = refusals.map((refusal) => ({
    at: refusal.at,
    text: refusal.address,
    why: whyText(refusal),
  }));
  return [...faults, ...refused].sort((left, right) => left.at - right.at);
}

/** The reason of a refusal, such as `is private`. */
function whyText({ address, rule, because }: RefusedEntry): string {
  switch (rule) {
    case "unspecified":
    case "mapped":
      return "is special";
    case "loopback":
    case "link-local":
    case "multicast":
    case "private":
      return `is ${rule}`;
    case "broadcast":
      return "is the broadcast address";
    case "too-wide":
      return `is wider than ${because}`;
    case "allowlist":
    case "ignoreip":
      return `is refused: ${rule} has ${because}`;
    case "own-address":
      return address.includes("/")
        ? `has the publisher's own address ${because}`
        : "is the publisher's own address";
    case "gateway":
    case "resolver":
    case "member":
      return address.includes("/")
        ? `has the ${rule} ${because}`
        : `is that of a ${rule}`;
    default:
      return `is refused: ${rule} ${because}`;
  }
}
