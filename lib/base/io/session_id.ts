/**
 * Makes unguessable identifiers.
 *
 * @module
 */

import type { SessionId } from "../ids.ts";

const BYTES = 16;

/** Makes a session id of 128 bits from the system's random generator. */
export function newSessionId(): SessionId {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  return digits.join("") as SessionId;
}
