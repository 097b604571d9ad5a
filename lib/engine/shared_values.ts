/**
 * The port of the values that several publishers share beside their log.
 *
 * @module
 */

/** A value, and its version. */
export interface SharedValue {
  /** Changes with each write; 0: there is none. */
  readonly version: number;
  /** `undefined`: there is none. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Values by name. Every method rejects with a `NoLogError` when nobody answers;
 * it is then unknown whether the request was carried out.
 */
export interface SharedValues {
  /**
   * Reads a value.
   *
   * @param known The version that the caller has; `undefined`: none.
   * @returns `undefined`: it still has that version.
   */
  read(
    name: string,
    known: number | undefined,
    signal: AbortSignal,
  ): Promise<SharedValue | undefined>;
  /**
   * Replaces a value if it is unchanged.
   *
   * @returns Whether it did. The repetition of a write that was carried out but
   * not answered is refused, too.
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
  /**
   * The values whose names begin with `beginning`, by the rest of their names.
   */
  all(
    beginning: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SharedValue>>;
}
