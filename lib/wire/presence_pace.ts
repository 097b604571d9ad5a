/**
 * How often programs of nodes tell that they are there, when either side takes
 * the other for gone, and how long the publisher waits for what they say: both
 * sides have to go together.
 *
 * @module
 */

/** All in milliseconds. */
export interface PresencePace {
  /** Longest time between two STATE. */
  readonly everyMs: number;
  /** Shortest time between two that are not asked for; a change is told then. */
  readonly lookMs: number;
  /**
   * Time without a word of the publisher, in a session, after which that is
   * gone: it answers each STATE.
   */
  readonly goneAfterMs: number;
  /** Time without a sign of life after which a program is silent. */
  readonly silentAfterMs: number;
  /** Time for an answer to ASK; who gives none is no longer there. */
  readonly askAnswerMs: number;
  /** How long an operator waits for what nodes say of an order. */
  readonly receiptWaitMs: number;
}

/** Two STATE in a row may get lost. */
export const PRESENCE_PACE: PresencePace = {
  everyMs: 30_000,
  lookMs: 5_000,
  goneAfterMs: 40_000,
  silentAfterMs: 90_000,
  askAnswerMs: 3_000,
  receiptWaitMs: 3_000,
};

/** Interval between heartbeats of the stream, in milliseconds. */
export const HEARTBEAT_MS = 1_000;
