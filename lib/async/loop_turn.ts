/**
 * The port of the event loop's turns.
 *
 * What always has something to do goes on from promise to promise and never
 * lets the loop turn: timers, signals and other connections would wait.
 *
 * @module
 */

/** The turn that runs now. */
export interface LoopTurn {
  /** Whether it is time for another turn. */
  readonly isLong: boolean;
  /** Waits for the next turn. */
  next(): Promise<void>;
}
