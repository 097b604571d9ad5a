/**
 * Converts log entries to rows and back; see `ban_rows.ts`.
 *
 * | column       | holds                                                              |
 * | ------------ | ------------------------------------------------------------------ |
 * | `position`   | 1, 2, 3 ...: the order of appending                                |
 * | `seq`        | number of the last change: the row's own change, if it has one     |
 * | `at_ms`      | time of appending                                                  |
 * | `kind`       | one of {@link KINDS}                                               |
 * | `jail`       | number of the change's jail in `jails`                             |
 * | `address`    | the change's address, as text                                      |
 * | `node`       | number in `nodes` of the origin that reported, withdrew or lifted  |
 * | `expires_ms` | the end of a report                                                |
 * | `source`     | number in `nodes` of the event's node                              |
 * | `event`      | the event's id                                                     |
 * | `previous`   | position of the previous row of a ban with the same hash; 0: none  |
 * | `sum`        | checksum of all other columns                                      |
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

/** Creates the table. It has no index: the lookups are in memory. */
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

/** The kinds of a row: those of a change, or an event that changed nothing. */
export const KINDS = { unchanged: 0, ...CHANGE_KINDS } as const;

/** The names that rows refer to by number. */
export interface LogNames {
  readonly jails: NameTable<JailName>;
  readonly nodes: NameTable<HostName>;
}

/** A row's position, and its references. */
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

/** The values of a row, in column order. Called within a transaction. */
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
