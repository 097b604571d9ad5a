/**
 * How often nodes' programs report that they are there, when each side takes
 * the other for gone, and how long the publisher waits for answers. The values
 * of both sides must fit together.
 *
 * @module
 */

/** Intervals and timeouts, all in milliseconds. */
export interface PresencePace {
  /** Longest time between two STATE messages. */
  readonly everyMs: number;
  /** Shortest time between unrequested STATE messages, which report changes. */
  readonly lookMs: number;
  /**
   * Time without any message of the publisher in a session after which it
   * counts as gone: it answers each STATE.
   */
  readonly goneAfterMs: number;
  /** Time without a sign of life after which a program counts as silent. */
  readonly silentAfterMs: number;
  /** Time for an answer to ASK; after it the program counts as gone. */
  readonly askAnswerMs: number;
  /** How long an operator waits for the nodes' receipts of an order. */
  readonly receiptWaitMs: number;
}

/** Two STATE messages in a row may get lost. */
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
