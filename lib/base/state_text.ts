/**
 * The port of a small file of state.
 *
 * @module
 */

/** A text that survives from one run to the next. */
export interface StateText {
  /** Where it is, for people who have to find it. */
  readonly place: string;
  /**
   * Reads it.
   *
   * @returns `undefined` when there is none.
   * @throws {RuntimeError} when it can't be read, or its path is not a file.
   */
  load(): Promise<string | undefined>;
  /**
   * Stores it completely or not at all, even if the power fails.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  save(text: string): Promise<void>;
  /**
   * Moves a damaged one aside, replacing one that was moved before.
   *
   * @throws {RuntimeError} when it can't be moved.
   */
  putAside(): Promise<void>;
}
