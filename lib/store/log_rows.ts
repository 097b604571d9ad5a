/**
 * Converts what is appended to the log to rows, and back; see `ban_rows.ts`.
 *
 * | column       | holds                                                              |
 * | ------------ | ------------------------------------------------------------------ |
 * | `position`   | 1, 2, 3 ...: the order in which it was appended                    |
 * | `seq`        | number of the last change: the row's own, if it is one             |
 * | `at_ms`      | when                                                               |
 * | `kind`       | one of {@link KINDS}                                               |
 * | `jail`       | of the change, as are the next three; its number in `jails`        |
 * | `address`    | as text                                                            |
 * | `node`       | who reported, withdrew or lifted; its number in `nodes`            |
 * | `expires_ms` | of a report                                                        |
 * | `source`     | of the event, as is the next one; the number of its node           |
 * | `event`      | its id                                                             |
 * | `previous`   | position of the last row before of a ban with the same hash; 0: none |
 * | `sum`        | checksum of all these                                              |
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
import {
  CHANGE_KINDS,
  changeOfKind,
  kindOf,
  nodeOf,
} from "../ban/change_columns.ts";
import type { StoreEntry } from "../ban/ban_store.ts";
import type { EventId } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { checksum } from "../base/checksum.ts";
import { addressOf, hasItsSum, notAsWritten, numberOf } from "./ban_rows.ts";
import type { NameTable } from "./name_table.ts";
import { type SqlRow, type SqlValue, valuesOf } from "../sqlite/sql.ts";

/** Creates the table. There is no index: what is searched for is in memory. */
export const LOG_SCHEMA = `
  CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    kind INTEGER NOT NULL,
    jail INTEGER,
    address TEXT,
    node INTEGER,
    expires_ms REAL,
    source INTEGER,
    event TEXT,
    previous INTEGER,
    sum INTEGER NOT NULL
  ) STRICT;`;

/** Identifies an event. */
export type EventName = NonNullable<StoreEntry["event"]>;

/** What a row can be: a change of some kind, or an event that changed nothing. */
export const KINDS = { unchanged: 0, ...CHANGE_KINDS } as const;

/** The names that rows have by number. */
export interface LogNames {
  readonly jails: NameTable<JailName>;
  readonly nodes: NameTable<HostName>;
}

/** Where a row is, and what it is found by. */
export interface RowPlace {
  readonly position: number;
  /** Number of the last change. */
  readonly seq: number;
  readonly atMs: number;
  readonly previous: number;
}

/** A row. */
export interface LogRow extends StoreEntry {
  readonly position: number;
  readonly seq: number;
  readonly previous: number;
}

/** The values of a row, in the order of the columns. Within a transaction. */
export function logRow(
  { change, event }: StoreEntry,
  { position, seq, atMs, previous }: RowPlace,
  { jails, nodes }: LogNames,
): SqlValue[] {
  const values: SqlValue[] = [
    position,
    seq,
    atMs,
    change === undefined ? KINDS.unchanged : kindOf(change),
    change === undefined ? null : jails.putName(change.jail),
    change === undefined ? null : change.address,
    change === undefined ? null : nodes.putName(nodeOf(change)),
    change?.kind === "report" ? change.expiresMs : null,
    event === undefined ? null : nodes.putName(event.origin),
    event === undefined ? null : event.id,
    change === undefined ? null : previous,
  ];
  values.push(checksum(...values));
  return values;
}

/** Reads a row. @throws {UnusableStoreError} when it is damaged. */
export function readLogRow(row: SqlRow, names: LogNames): LogRow {
  const values = valuesOf(row);
  if (!hasItsSum(values)) throw notAsWritten("log");
  return {
    position: numberOf(values[0], "log"),
    seq: numberOf(values[1], "log"),
    change: readChange(values, names),
    event: readEvent(values, names),
    previous: Number(values[10]),
  };
}

function readChange(
  values: readonly unknown[],
  { jails, nodes }: LogNames,
): Change | undefined {
  const [, seq, atMs, kind, jail, address, node, expiresMs] = values;
  if (kind === KINDS.unchanged) return undefined;
  const base = {
    seq: numberOf(seq, "log"),
    atMs: numberOf(atMs, "log"),
    jail: jails.nameOf(jail),
    address: addressOf(address, "log"),
  };
  const endMs = expiresMs === null ? 0 : numberOf(expiresMs, "log");
  const change = changeOfKind(kind, base, nodes.nameOf(node), endMs);
  if (
    change === undefined || (change.kind === "report") !== (expiresMs !== null)
  ) {
    throw notAsWritten("log");
  }
  return change;
}

function readEvent(
  values: readonly unknown[],
  { nodes }: LogNames,
): EventName | undefined {
  const [source, id] = [values[8], values[9]];
  if (source === null) return undefined;
  if (typeof id !== "string") throw notAsWritten("log");
  return { origin: nodes.nameOf(source), id: id as EventId };
}
