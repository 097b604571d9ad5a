/**
 * How an operator's command sends a list, and the result.
 *
 * Requests are short, so a list comes in parts: the answer to `importBegin` is
 * the number of an upload, each `importPart` has some of its entries, and
 * `importEnd` has the list checked, and accepted or refused as a whole. The
 * publisher forgets lists without an `importEnd`.
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

/** Announces a list. */
export interface ImportOrder {
  /** The user who asks. */
  readonly by: string;
  readonly name: ImportName;
  /** What a position in the list is called. */
  readonly unit: "line" | "entry";
  /** Duration of its bans, in milliseconds; `null`: until it is removed. */
  readonly forMs: number | null;
  /** Shortest IPv4 prefix allowed, in bits; `null`: the publisher's limit. */
  readonly widest4: number | null;
  /** The same for IPv6. */
  readonly widest6: number | null;
  /** How many entries may be protected addresses; `null`: the default. */
  readonly tolerate: number | null;
  /** Most entries allowed. */
  readonly max: number;
  /** Entries without a valid address: they count as refused. */
  readonly faults: number;
}

/** Some entries of a list. */
export interface ImportPart {
  readonly upload: number;
  /** Position of the first entry in the list, from 1. */
  readonly from: number;
  /** Consecutive entries; an empty text is an empty position. */
  readonly addresses: readonly (Address | "")[];
}

/** An entry that was refused. */
export interface RefusedEntry {
  /** Its position in the list. */
  readonly at: number;
  readonly address: Address;
  /** As in `ProtectionRule`. */
  readonly rule: string;
  readonly because: string;
}

/** The result of an accepted list. */
export interface ImportOutcome {
  /** Non-empty positions of the list. */
  readonly entries: number;
  /** Bans that it began. */
  readonly added: number;
  /** Bans of the previous list that are not in this one. */
  readonly gone: number;
  /** Bans of the previous list that it keeps. */
  readonly standing: number;
  /** Entries that an operator lifted since they were listed: not banned. */
  readonly lifted: number;
  /** Positions that repeat an earlier entry. */
  readonly repeated: number;
  /** Refused positions, including those without a valid address. */
  readonly refused: number;
  /** The first refused entries that have an address. */
  readonly refusals: readonly RefusedEntry[];
  /** End of its bans, in milliseconds since 1970; `null`: with its removal. */
  readonly endsMs: number | null;
}

/** An import, as an operator sees it. */
export interface LiveImport {
  readonly name: ImportName;
  /** Addresses and networks of its list. */
  readonly entries: number;
  /** Its bans that are in force. */
  readonly standing: number;
  /** Time of the last import, in milliseconds since 1970. */
  readonly atMs: number;
  /** End of its bans, in milliseconds since 1970; `null`: with its removal. */
  readonly endsMs: number | null;
  readonly state: ImportState;
}

/** Most entries in an {@link ImportPart}. */
export const MAX_PART_ENTRIES = 400;
/** Most entries of a list. */
export const MAX_IMPORT_ENTRIES = 500_000;
/** Most imports. */
export const MAX_IMPORTS = 200;
/** Most refused entries listed in an answer. */
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
