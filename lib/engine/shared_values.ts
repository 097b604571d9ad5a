/**
 * The port of the values that several publishers share beside their log.
 *
 * @module
 */

/** A value as it was read. */
export interface SharedValue {
  /** Changes with each write; 0: there is none. */
  readonly version: number;
  /** `undefined`: there is none. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Values by name; every method rejects with a `NoLogError` where nobody
 * answers: whether what was asked was done is not known then.
 */
export interface SharedValues {
  /**
   * Reads a value.
   *
   * @param known The version that the caller has; `undefined`: none.
   * @returns `undefined`: it is as it was at that version.
   */
  read(
    name: string,
    known: number | undefined,
    signal: AbortSignal,
  ): Promise<SharedValue | undefined>;
  /**
   * Replaces a value, if it is as it was seen.
   *
   * @returns Whether it did; a write that was carried out before without an
   * answer is refused too, the second time.
   */
  write(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    seen: number,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Replaces a value, whatever it is. */
  put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Deletes a value. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** The values whose names begin so, by the rest of their names. */
  all(
    beginning: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SharedValue>>;
}
