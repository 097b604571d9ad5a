/**
 * The port of what is stored of imports: lists of addresses that operators
 * have banned under a name.
 *
 * A list is stored in parts which nobody sees, and is taken in one step. From
 * then on it is what the import wants, whatever happens; its bans follow, and
 * once all do, the import is settled. A list that is never taken is swept away.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { ImportName } from "../base/operator_name.ts";

/** An import. */
export interface StoredImport {
  readonly name: ImportName;
  /** Number of the list that it wants. */
  readonly list: number;
  /** How many entries that list has. */
  readonly entries: number;
  /** When it was taken last, in milliseconds since 1970 by the publisher's clock. */
  readonly atMs: number;
  /** When its bans end, likewise; `Infinity`: never. */
  readonly endsMs: number;
  /**
   * `taken`: its bans may not be those of the list yet; `settled`: they are, as
   * far as nobody lifted any; `leaving`: all of them are to end.
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
  /** Since when every list of that import has it, in milliseconds since 1970 by the publisher's clock. */
  readonly sinceMs: number;
}

/** Stores imports. */
export interface ImportRecords {
  /** All imports, by name. */
  all(): readonly StoredImport[];
  /** Gives a number that no list has. */
  newList(): number;
  /**
   * Stores entries of a list that is not taken yet.
   *
   * @throws {RuntimeError} when they can't be stored; none was.
   */
  stage(list: number, entries: readonly ListedAddress[]): Promise<void>;
  /**
   * Stores an import in place of the one of its name, in one step.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  take(imported: StoredImport): Promise<void>;
  /** Forgets an import. @throws {RuntimeError} when that can't be stored. */
  forget(name: ImportName): Promise<void>;
  /**
   * Entries of a list, by address as text.
   *
   * @param after The last that is known; `undefined`: from the first.
   * @param max How many at most.
   */
  entries(
    list: number,
    after: Address | undefined,
    max: number,
  ): readonly ListedAddress[];
  /** Since when an address is on a list; `undefined`: it is not. */
  sinceMs(list: number, address: Address): number | undefined;
  /**
   * Deletes entries of a list that no import wants.
   *
   * @param max How many at most.
   * @returns Whether there may be more.
   * @throws {RuntimeError} when that can't be stored; none was.
   */
  sweep(max: number): Promise<boolean>;
}
