/**
 * Converts values of the database's rows.
 *
 * Each row has a checksum of its values. A damaged row is rejected: a flipped
 * bit must not move a ban to another address.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { rememberNames } from "../base/name_cache.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { checksum } from "../base/checksum.ts";
import type { SqlValue } from "../sqlite/sql.ts";
import { UnusableStoreError } from "../sqlite/store_errors.ts";

const readJail = rememberNames(parseJailName);
const readHost = rememberNames(parseOrigin);

/** Appends their checksum to values. */
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

/**
 * Reads a host's or an operator's name.
 *
 * @throws {UnusableStoreError} when it is invalid.
 */
export function hostOf(value: unknown, table: string): HostName {
  const host = typeof value === "string" ? readHost(value) : undefined;
  if (host === undefined) throw notAsWritten(table);
  return host;
}
