/**
 * Converts bans and reports to rows of a database, and back.
 *
 * Each row has a checksum of its values. A damaged row is rejected: a ban must
 * not move to another address because a bit flipped.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { Ban, BanReport } from "../ban/ban.ts";
import type { HostName } from "../base/host_name.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { rememberNames } from "../base/name_cache.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { checksum } from "../base/checksum.ts";
import type { SqlValue } from "./sql.ts";
import { UnusableStoreError } from "./store_errors.ts";

/** A ban without its reports, and the id by which these refer to it. */
export interface BanHead extends Omit<Ban, "reports"> {
  readonly id: number;
}

/** A report, and its position among those of its ban. */
export interface LocatedReport extends BanReport {
  /** Grows in the order in which the nodes reported. */
  readonly place: number;
}

const readJail = rememberNames(parseJailName);
const readHost = rememberNames(parseOrigin);

/** Columns of a ban. */
export const BAN_COLUMNS = "id, jail, address, seq, is_pending, sum";
/** Columns of a report, without its ban's id. */
export const REPORT_COLUMNS =
  "origin, place, first_ms, last_ms, expires_ms, sum";

/** A ban in the order of {@link BAN_COLUMNS}. */
export function banRow(
  { id, jail, address, seq, isPending }: BanHead,
): SqlValue[] {
  return summed(id, jail, address, seq, Number(isPending));
}

/**
 * Reads {@link BAN_COLUMNS}. @throws {UnusableStoreError} when they are
 * damaged.
 */
export function readBanHead(values: readonly unknown[]): BanHead {
  const [id, jail, address, seq, pending, sum] = values;
  if (sum !== checksum(id, jail, address, seq, pending)) {
    throw notAsWritten("bans");
  }
  return {
    id: numberOf(id, "bans"),
    jail: jailOf(jail, "bans"),
    address: addressOf(address, "bans"),
    seq: numberOf(seq, "bans"),
    isPending: pending === 1,
  };
}

/** A report: its ban's id, then the order of {@link REPORT_COLUMNS}. */
export function reportRow(
  ban: number,
  { origin, place, firstMs, lastMs, expiresMs }: LocatedReport,
): SqlValue[] {
  return summed(ban, origin, place, firstMs, lastMs, expiresMs);
}

/**
 * Reads {@link REPORT_COLUMNS}.
 *
 * @param ban The id of the report's ban.
 * @param values Values that contain the columns from `at` on.
 * @param at Index of the first column.
 * @throws {UnusableStoreError} when they are damaged.
 */
export function readReport(
  ban: number,
  values: readonly unknown[],
  at = 0,
): LocatedReport {
  const origin = values[at];
  const place = values[at + 1];
  const firstMs = values[at + 2];
  const lastMs = values[at + 3];
  const expiresMs = values[at + 4];
  if (
    values[at + 5] !== checksum(ban, origin, place, firstMs, lastMs, expiresMs)
  ) throw notAsWritten("reports");
  return {
    origin: hostOf(origin, "reports"),
    place: numberOf(place, "reports"),
    firstMs: numberOf(firstMs, "reports"),
    lastMs: numberOf(lastMs, "reports"),
    expiresMs: numberOf(expiresMs, "reports"),
  };
}

/** Sorts reports into their order in a ban. */
export function inOrder(reports: LocatedReport[]): BanReport[] {
  if (reports.length > 1) {
    reports.sort((left, right) => left.place - right.place);
  }
  return reports.map(({ origin, firstMs, lastMs, expiresMs }) => ({
    origin,
    firstMs,
    lastMs,
    expiresMs,
  }));
}

/** Appends the checksum to values. */
export function summed(...values: SqlValue[]): SqlValue[] {
  return [...values, checksum(...values)];
}

/** Whether the last value is the checksum of those before it. */
export function hasItsSum(values: readonly unknown[]): boolean {
  return values.at(-1) === checksum(...values.slice(0, -1));
}

/** The error for a damaged row of a table. */
export function notAsWritten(table: string): UnusableStoreError {
  return new UnusableStoreError(
    "damaged",
    `a row of ${table} is not as it was written`,
  );
}

/** Reads a number. @throws {UnusableStoreError} when it is invalid. */
export function numberOf(value: unknown, table: string): number {
  if (typeof value !== "number") throw notAsWritten(table);
  return value;
}

/** Reads an address. @throws {UnusableStoreError} when it is invalid. */
export function addressOf(value: unknown, table: string): Address {
  const address = typeof value === "string" ? parseAddress(value) : undefined;
  if (address === undefined) throw notAsWritten(table);
  return address;
}

/** Reads a jail's name. @throws {UnusableStoreError} when it is invalid. */
export function jailOf(value: unknown, table: string): JailName {
  const jail = typeof value === "string" ? readJail(value) : undefined;
  if (jail === undefined) throw notAsWritten(table);
  return jail;
}

/** Reads the name of a host, or of another origin. @throws {UnusableStoreError} when it is invalid. */
export function hostOf(value: unknown, table: string): HostName {
  const host = typeof value === "string" ? readHost(value) : undefined;
  if (host === undefined) throw notAsWritten(table);
  return host;
}
