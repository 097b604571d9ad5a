/**
 * The ports of the values that an operator edits.
 *
 * @module
 */

import type { CurveKeys } from "../zmq/curve_key.ts";

/** A stored value that is read and edited. */
export interface EditedValue<T> {
  /**
   * Reads it.
   *
   * @returns `undefined` when there is none.
   * @throws {RuntimeError} when it can't be read.
   */
  read(): Promise<T | undefined>;
  /**
   * Replaces the value by one derived from it; other edits are excluded.
   *
   * @param change Derives the new value; if it throws, nothing changes.
   * @returns The new value.
   * @throws {RuntimeError} when it can't be stored.
   */
  edit(change: (value: T | undefined) => T): Promise<T>;
}

/** A stored value that only its user can read. */
export interface StoredValue<T> extends EditedValue<T> {
  /**
   * Replaces the current value, which may be damaged.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  replace(value: T): Promise<void>;
}

/** Creates keys and tokens. */
export interface SecretMaker {
  /** Creates a key pair. */
  newKeys(): Promise<CurveKeys>;
  /** Creates a token: 256 bits, in base64url. */
  newToken(): string;
}
