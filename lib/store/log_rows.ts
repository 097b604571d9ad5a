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
 * | `event_hash` | of source and id, so that the index of events is made without them |
 * | `ban_hash`   | of jail and address, likewise                                      |
 * | `previous`   | position of the last row before with the same `ban_hash`; 0: none  |
 * | `sum`        | checksum of all these                                              |
 *
 * @module
 */

import type { Change } from "../ban/ban.ts";
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
    event_hash INTEGER,
    ban_hash INTEGER,
    previous INTEGER,
    sum INTEGER NOT NULL
  ) STRICT;`;

/** Identifies an event. */
export type EventName = NonNullable<StoreEntry["event"]>;

/** What a row can be. */
export const KINDS = {
  /** An event that changed nothing. */
  unchanged: 0,
  report: 1,
  pendingReport: 2,
  withdraw: 3,
  lift: 4,
} as const;

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
  /** `undefined`: it is of no event. */
  readonly eventHash: number | undefined;
  /** `undefined`: it is no change. */
  readonly banHash: number | undefined;
  readonly previous: number;
}

/** A row. */
export interface LogRow extends StoreEntry {
  readonly position: number;
  readonly seq: number;
  readonly previous: number;
  /** `undefined`: it is of no event. */
  readonly eventHash: number | undefined;
  /** `undefined`: it is no change. */
  readonly banHash: number | undefined;
}

/** The values of a row, in the order of the columns. Within a transaction. */
export function logRow(
  { change, event }: StoreEntry,
  { position, seq, atMs, eventHash, banHash, previous }: RowPlace,
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
    eventHash ?? null,
    banHash ?? null,
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
    eventHash: hashIn(values[10]),
    banHash: hashIn(values[11]),
    previous: Number(values[12]),
  };
}

function hashIn(value: unknown): number | undefined {
  return value === null ? undefined : numberOf(value, "log");
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
  const origin = nodes.nameOf(node);
  switch (kind) {
    case KINDS.report:
    case KINDS.pendingReport:
      return {
        ...base,
        kind: "report",
        origin,
        expiresMs: numberOf(expiresMs, "log"),
        isPending: kind === KINDS.pendingReport,
      };
    case KINDS.withdraw:
      return { ...base, kind: "withdraw", origin };
    case KINDS.lift:
      return { ...base, kind: "lift", by: origin };
    default:
      throw notAsWritten("log");
  }
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

function kindOf(change: Change): number {
  if (change.kind !== "report") return KINDS[change.kind];
  return change.isPending ? KINDS.pendingReport : KINDS.report;
}

function nodeOf(change: Change): HostName {
  return change.kind === "lift" ? change.by : change.origin;
}
