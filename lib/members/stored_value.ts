/**
 * The ports of what an operator edits.
 *
 * @module
 */

import type { CurveKeys } from "../zmq/curve_key.ts";

/** A value that is kept for its user alone. */
export interface StoredValue<T> {
  /**
   * Reads it.
   *
   * @returns `undefined` when there is none.
   * @throws {RuntimeError} when it can't be read.
   */
  read(): Promise<T | undefined>;
  /**
   * Makes a new value of the one that is there; nobody else edits meanwhile.
   *
   * @param change What it throws leaves everything as it is.
   * @returns The new value.
   * @throws {RuntimeError} when it can't be kept.
   */
  edit(change: (value: T | undefined) => T): Promise<T>;
  /**
   * Puts a value in the place of whatever is there, damaged or not.
   *
   * @throws {RuntimeError} when it can't be kept.
   */
  replace(value: T): Promise<void>;
}

/** Makes what nobody can guess. */
export interface SecretMaker {
  /** A key pair. */
  newKeys(): Promise<CurveKeys>;
  /** A token: 256 bits, in base64url. */
  newToken(): string;
}
