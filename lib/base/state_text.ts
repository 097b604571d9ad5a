/**
 * The port of a small file of state.
 *
 * @module
 */

/** A text that is kept from one run to the next. */
export interface StateText {
  /** Where it is, for whoever has to find it. */
  readonly place: string;
  /**
   * Reads it.
   *
   * @returns `undefined` when there is none.
   * @throws {RuntimeError} when it can't be read, or something else has its place.
   */
  load(): Promise<string | undefined>;
  /**
   * Stores it: wholly or not at all, also when the power fails.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  save(text: string): Promise<void>;
  /**
   * Puts a damaged one aside, in place of one that was put aside before.
   *
   * @throws {RuntimeError} when it can't be moved.
   */
  putAside(): Promise<void>;
}
