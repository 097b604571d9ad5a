/**
 * The port of the store for imports: lists of addresses that operators ban
 * under a name.
 *
 * A list is staged in parts that nobody sees, and then taken in one step. From
 * then on it is the list that the import wants. The publisher then changes the
 * bans to match it, and once all do, the import is settled. A list that is
 * never taken is swept away.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { ImportName } from "../base/operator_name.ts";

/** An import. */
export interface StoredImport {
  readonly name: ImportName;
  /** Number of the list that the import wants. */
  readonly list: number;
  /** Number of entries in that list. */
  readonly entries: number;
  /**
   * When it was last taken, in milliseconds since 1970 by the publisher's
   * clock.
   */
  readonly atMs: number;
  /** When its bans end, by the same clock; `Infinity`: never. */
  readonly endsMs: number;
  /**
   * `taken`: its bans may not match the list yet; `settled`: they do, except
   * for those that somebody lifted; `leaving`: all of them are to end.
   */
  readonly state: ImportState;
}

/** A state of a {@link StoredImport}. */
export type ImportState = typeof IMPORT_STATES[number];

/** Every {@link ImportState}. */
export const IMPORT_STATES = ["taken", "settled", "leaving"] as const;

/** An entry of a list. */
export interface ListedAddress {
  readonly address: Address;
  /**
   * Since when every list of that import has contained it, in milliseconds
   * since 1970 by the publisher's clock.
   */
  readonly sinceMs: number;
}

/** Stores imports. */
export interface ImportRecords {
  /** All imports, by name. */
  all(): readonly StoredImport[];
  /** Returns an unused list number. */
  newList(): number;
  /**
   * Stores entries of a list that is not taken yet.
   *
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  stage(list: number, entries: readonly ListedAddress[]): Promise<void>;
  /**
   * Stores an import, replacing the one of its name, in one step.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  take(imported: StoredImport): Promise<void>;
  /** Forgets an import. @throws {RuntimeError} when that can't be stored. */
  forget(name: ImportName): Promise<void>;
  /**
   * Entries of a list, ordered by the text of the address.
   *
   * @param after The entry before the first; `undefined`: from the first.
   * @param max Maximum number of entries.
   */
  entries(
    list: number,
    after: Address | undefined,
    max: number,
  ): readonly ListedAddress[];
  /** Since when a list has contained an address; `undefined`: it does not. */
  sinceMs(list: number, address: Address): number | undefined;
  /**
   * Deletes entries of lists that no import wants.
   *
   * @param max Maximum number of entries.
   * @returns Whether there may be more.
   * @throws {RuntimeError} when that can't be stored; none was.
   */
  sweep(max: number): Promise<boolean>;
}
