/**
 * Times that programs of tests go by.
 *
 * @module
 */

import {
  PRESENCE_PACE,
  type PresencePace,
} from "../../../lib/wire/presence_pace.ts";

/** Nodes tell ten times as often that they are there, and are silent as soon. */
export const QUICK_PACE: PresencePace = {
  ...PRESENCE_PACE,
  everyMs: 1_000,
  lookMs: 500,
  goneAfterMs: 8_000,
  silentAfterMs: 9_000,
};

/** Nobody who is there is late, however busy the machine is. */
export const PATIENT_PACE: PresencePace = {
  ...QUICK_PACE,
  goneAfterMs: 50_000,
  silentAfterMs: 60_000,
  askAnswerMs: 15_000,
  receiptWaitMs: 60_000,
};
