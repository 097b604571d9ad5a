/**
 * Intervals for test programs.
 *
 * @module
 */

import {
  PRESENCE_PACE,
  type PresencePace,
} from "../../../lib/wire/presence_pace.ts";

/**
 * Ten times the usual rate of signs of life, with shorter timeouts to match.
 */
export const QUICK_PACE: PresencePace = {
  ...PRESENCE_PACE,
  everyMs: 1_000,
  lookMs: 500,
  goneAfterMs: 8_000,
  silentAfterMs: 9_000,
};

/** Timeouts long enough for a busy machine. */
export const PATIENT_PACE: PresencePace = {
  ...QUICK_PACE,
  goneAfterMs: 50_000,
  silentAfterMs: 60_000,
  askAnswerMs: 15_000,
  receiptWaitMs: 60_000,
};
