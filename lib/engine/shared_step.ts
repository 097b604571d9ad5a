/**
 * Converts a step of a publisher's store to bytes of the shared log, and back.
 *
 * A step is JSON, compressed if that saves space. A step that breaks the
 * grammar is refused: a publisher should rather stop than have a different
 * table from the others.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { Change } from "../ban/ban.ts";
import type { CopyStore, StoredReceipt } from "../ban/ban_store.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import type { EventId } from "../base/ids.ts";
import { IMPORT_STATES, type StoredImport } from "../ban/import_records.ts";
import type { ListedAddress } from "../ban/import_records.ts";
import { parseJailName } from "../base/jail_name.ts";
import {
  flag,
  integer,
  list,
  oneOf,
  orNull,
  type Reading,
  record,
  type Shape,
  text,
  variants,
} from "../base/json_shape.ts";
import { type ImportName, parseImportName } from "../base/operator_name.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { BAD_KINDS, type NewAuditEntry } from "../members/node_records.ts";
import type { Quarantine } from "../members/node_records.ts";
import { packText, unpackText } from "./packed_text.ts";

/** What a record of the log makes every store do. */
export type SharedStep =
  | {
    readonly kind: "append";
    readonly nowMs: number;
    readonly entries: readonly StoreEntry[];
  }
  | {
    readonly kind: "receipts";
    readonly receipts: readonly StoredReceipt[];
  }
  | { readonly kind: "audit"; readonly entries: readonly NewAuditEntry[] }
  | { readonly kind: "aside"; readonly quarantine: Quarantine }
  | { readonly kind: "release"; readonly node: HostName }
  | {
    readonly kind: "stage";
    readonly list: number;
    readonly entries: readonly ListedAddress[];
  }
  | { readonly kind: "take"; readonly imported: StoredImport }
  | { readonly kind: "forget"; readonly name: ImportName }
  | { readonly kind: "sweep"; readonly max: number };

/** JSON has no `undefined`. */
type Absent<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> | null };
type WrittenEntry = Absent<Required<StoreEntry>>;
type WrittenAudit = Absent<Required<NewAuditEntry>>;
type WrittenStep =
  | Exclude<SharedStep, { readonly kind: "append" | "audit" }>
  | {
    readonly kind: "append";
    readonly nowMs: number;
    readonly entries: readonly WrittenEntry[];
  }
  | { readonly kind: "audit"; readonly entries: readonly WrittenAudit[] };

const MAX_ITEMS = 1_000_000;

const address = text<Address>("address", parseAddress);
const jail = text("jail", parseJailName);
const origin = text("origin", parseOrigin);
const anyText = (name: string) => text(name, (value: string) => value);
const count = (name: string) => integer(name, 0);

/** A time or duration; `null` stands for an infinite one. */
function moment(name: string): Shape<number> {
  return {
    read: (value, reading) => {
      if (value === null) return Infinity;
      if (typeof value === "number" && value > -Infinity) return value;
      reading.reason = name;
      return undefined;
    },
  };
}

const CHANGE_BASE = {
  seq: integer("seq", 1),
  atMs: moment("atMs"),
  jail,
  address,
};
const change = variants<Change>({
  report: {
    ...{ ...CHANGE_BASE, origin },
    expiresMs: moment("expiresMs"),
    isPending: flag("isPending"),
  },
  withdraw: { ...CHANGE_BASE, origin },
  lift: { ...CHANGE_BASE, by: origin },
});
const entry = record<WrittenEntry>({
  event: orNull(record({
    origin,
    id: text<EventId>("id", (id) => id as EventId),
  })),
  change: orNull(change),
});
const receipt = record<StoredReceipt>({
  ...{ jail, address, action: anyText("action") },
  outcome: oneOf("outcome", ["applied", "lifted", "refused", "failed"]),
  ...{ detail: anyText("detail"), node: origin, atMs: moment("atMs") },
});
const audit = record<WrittenAudit>({
  ...{ revision: orNull(count("revision")), atMs: moment("atMs") },
  ...{ by: anyText("by"), action: anyText("action") },
  ...{ subject: anyText("subject"), detail: anyText("detail") },
});
const quarantine = record<Quarantine>({
  ...{ node: origin, sinceMs: moment("sinceMs") },
  ...{ reason: oneOf("reason", BAD_KINDS), count: count("count") },
});
const listed = record<ListedAddress>({ address, sinceMs: moment("sinceMs") });
const name = text("name", parseImportName);
const imported = record<StoredImport>({
  ...{ name, list: count("list"), entries: count("entries") },
  ...{ atMs: moment("atMs"), endsMs: moment("endsMs") },
  state: oneOf("state", IMPORT_STATES),
});
const step = variants<WrittenStep>({
  append: {
    nowMs: moment("nowMs"),
    entries: list("entries", entry, 0, MAX_ITEMS),
  },
  receipts: { receipts: list("receipts", receipt, 0, MAX_ITEMS) },
  audit: { entries: list("entries", audit, 0, MAX_ITEMS) },
  aside: { quarantine },
  release: { node: origin },
  stage: {
    list: count("list"),
    entries: list("entries", listed, 0, MAX_ITEMS),
  },
  take: { imported },
  forget: { name },
  sweep: { max: count("max") },
});

/**
 * Encodes a step.
 *
 * @throws {TypeError} when it could not be decoded again.
 */
export async function encodeStep(
  value: SharedStep,
): Promise<Uint8Array<ArrayBuffer>> {
  const reading: Reading = { isExact: false, reason: undefined };
  const read = step.read(written(value), reading);
  if (read === undefined) {
    throw new TypeError(`Cannot write a step: "${reading.reason}"`);
  }
  return await packText(JSON.stringify(read));
}

/**
 * Decodes a step.
 *
 * @throws {RuntimeError} when it is malformed.
 */
export async function decodeStep(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<SharedStep> {
  const reading: Reading = { isExact: true, reason: undefined };
  let value: unknown;
  try {
    value = JSON.parse(await unpackText(bytes));
  } catch (error) {
    throw unreadable("its form", error);
  }
  const result = step.read(value, reading);
  if (result === undefined) throw unreadable(`"${reading.reason}"`);
  return meant(result);
}

/**
 * Carries out a step in a store.
 *
 * @throws {RuntimeError} when it can't be stored.
 */
export async function applyStep(
  store: Pick<CopyStore, "append" | "keepReceipts" | "records" | "imports">,
  value: SharedStep,
): Promise<unknown> {
  const { records, imports } = store;
  switch (value.kind) {
    case "append":
      return await store.append(value.entries, value.nowMs);
    case "receipts":
      return await store.keepReceipts(value.receipts);
    case "audit":
      return await records.keepAudit(value.entries);
    case "aside":
      return await records.keepQuarantine(value.quarantine);
    case "release":
      return await records.dropQuarantine(value.node);
    case "stage":
      return await imports.stage(value.list, value.entries);
    case "take":
      return await imports.take(value.imported);
    case "forget":
      return await imports.forget(value.name);
    case "sweep":
      return await imports.sweep(value.max);
  }
}

function written(value: SharedStep): WrittenStep {
  if (value.kind === "append") {
    const entries = value.entries.map(({ event = null, change = null }) => ({
      event,
      change,
    }));
    return { ...value, entries };
  }
  if (value.kind !== "audit") return value;
  const entries = value.entries.map((each) => ({
    ...each,
    revision: each.revision ?? null,
  }));
  return { ...value, entries };
}

function meant(value: WrittenStep): SharedStep {
  if (value.kind === "append") {
    const entries = value.entries.map(({ event, change }) => ({
      event: event ?? undefined,
      change: change ?? undefined,
    }));
    return { ...value, entries };
  }
  if (value.kind !== "audit") return value;
  const entries = value.entries.map(({ revision, ...each }) =>
    revision === null ? each : { ...each, revision }
  );
  return { ...value, entries } as SharedStep;
}

function unreadable(which: string, cause?: unknown): RuntimeError {
  return new RuntimeError(
    `a record of the shared log can't be read: ${which} is not as written`,
    {
      hint: "are all publishers of the same version? Upgrade the others first",
      cause,
    },
  );
}
