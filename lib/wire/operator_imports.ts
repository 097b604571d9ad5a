/**
 * How an operator's command hands a list over, and what becomes of it.
 *
 * A request is short, so a list comes in parts: `importBegin` is answered with
 * the number of an upload, each `importPart` has some entries of it, and
 * `importEnd` has it judged, and taken or refused as a whole. Lists that are
 * not ended are forgotten.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import {
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import { type ImportName, parseImportName } from "../base/operator_name.ts";
import { IMPORT_STATES, type ImportState } from "../ban/import_records.ts";
import { address, words } from "./operator_bans.ts";
import { MAX_SPAN_MS } from "./v2_limits.ts";

/** A list that is about to come. */
export interface ImportOrder {
  /** The user who asks. */
  readonly by: string;
  readonly name: ImportName;
  /** What its places are called. */
  readonly unit: "line" | "entry";
  /** How long its bans hold, in milliseconds; `null`: until it is removed. */
  readonly forMs: number | null;
  /** Shortest IPv4 prefix that it may name, in bits; `null`: the publisher's. */
  readonly widest4: number | null;
  /** The same of IPv6. */
  readonly widest6: number | null;
  /** In how many places it may name what nobody may ban; `null`: the usual. */
  readonly tolerate: number | null;
  /** How many entries it may have. */
  readonly max: number;
  /** Places of it that name no address: they count as refused. */
  readonly faults: number;
}

/** Some entries of a list. */
export interface ImportPart {
  readonly upload: number;
  /** Place of the first of them in the list, from 1. */
  readonly from: number;
  /** One after the other; empty text: nothing stands there. */
  readonly addresses: readonly (Address | "")[];
}

/** An entry that was refused. */
export interface RefusedEntry {
  /** Its place in the list. */
  readonly at: number;
  readonly address: Address;
  /** As in `ProtectionRule`. */
  readonly rule: string;
  readonly because: string;
}

/** What became of a list that was taken. */
export interface ImportOutcome {
  /** Places of the list in which something stands. */
  readonly entries: number;
  /** Bans that it began. */
  readonly added: number;
  /** Bans that it named before, and does not now. */
  readonly gone: number;
  /** Bans that it has as before. */
  readonly standing: number;
  /** What it names and operators lifted: it has named that ever since. */
  readonly lifted: number;
  /** Places in which it names what it has named in another. */
  readonly repeated: number;
  /** Places that were refused, those that name no address among them. */
  readonly refused: number;
  /** The first of them that name one. */
  readonly refusals: readonly RefusedEntry[];
  /** When its bans end, in milliseconds since 1970; `null`: when it is removed. */
  readonly endsMs: number | null;
}

/** An import, as an operator sees it. */
export interface LiveImport {
  readonly name: ImportName;
  /** Addresses and networks of its list. */
  readonly entries: number;
  /** Bans of it that stand. */
  readonly standing: number;
  /** When it was imported last, in milliseconds since 1970. */
  readonly atMs: number;
  /** When its bans end, likewise; `null`: when it is removed. */
  readonly endsMs: number | null;
  readonly state: ImportState;
}

/** Most entries in an {@link ImportPart}. */
export const MAX_PART_ENTRIES = 400;
/** Most entries of a list. */
export const MAX_IMPORT_ENTRIES = 500_000;
/** Most imports. */
export const MAX_IMPORTS = 200;
/** Most refused entries that are named. */
export const MAX_REFUSALS = 1_000;

const count = (name: string) => integer(name, 0);
const time = (name: string) => integer(name, -Number.MAX_SAFE_INTEGER);
const name: Shape<ImportName> = text("name", parseImportName);

/** The members of an {@link ImportOrder}. */
export const IMPORT_ORDER: Members<ImportOrder> = {
  by: words("by"),
  name,
  unit: oneOf("unit", ["line", "entry"]),
  forMs: orNull(integer("forMs", 1, MAX_SPAN_MS)),
  widest4: orNull(integer("widest4", 1, 32)),
  widest6: orNull(integer("widest6", 1, 128)),
  tolerate: orNull(integer("tolerate", 0, MAX_IMPORT_ENTRIES)),
  max: integer("max", 1, MAX_IMPORT_ENTRIES),
  faults: count("faults"),
};

/** The members of an {@link ImportPart}. */
export const IMPORT_PART: Members<ImportPart> = {
  upload: count("upload"),
  from: integer("from", 1),
  addresses: list(
    "addresses",
    text<Address | "">(
      "address",
      (text) => text === "" ? "" : parseAddress(text),
    ),
    1,
    MAX_PART_ENTRIES,
  ),
};

/** The members of the request that ends an upload. */
export const IMPORT_END: Members<{ readonly upload: number }> = {
  upload: count("upload"),
};

/** The members of the request that removes an import. */
export const IMPORT_REMOVAL: Members<
  { readonly by: string; readonly name: ImportName }
> = { by: words("by"), name };

/** The members of an {@link ImportOutcome}. */
export const IMPORT_OUTCOME: Members<ImportOutcome> = {
  entries: count("entries"),
  added: count("added"),
  gone: count("gone"),
  standing: count("standing"),
  lifted: count("lifted"),
  repeated: count("repeated"),
  refused: count("refused"),
  refusals: list(
    "refusals",
    record<RefusedEntry>({
      at: integer("at", 1),
      address,
      rule: words("rule"),
      because: words("because"),
    }),
    0,
    MAX_REFUSALS,
  ),
  endsMs: orNull(time("endsMs")),
};

/** The form of a {@link LiveImport}. */
export const liveImport: Shape<LiveImport> = record<LiveImport>({
  name,
  entries: count("entries"),
  standing: count("standing"),
  atMs: time("atMs"),
  endsMs: orNull(time("endsMs")),
  state: oneOf("state", IMPORT_STATES),
});
