/**
 * The port of the event loop's turns.
 *
 * A task that always has work goes on from promise to promise and never lets
 * the event loop turn: timers, signals and other connections would wait.
 *
 * @module
 */

/** The current turn. */
export interface LoopTurn {
  /** Whether the turn has lasted long enough, so that the task should yield. */
  readonly isLong: boolean;
  /** Waits for the next turn. */
  next(): Promise<void>;
}
