/**
 * Reads the answers of fail2ban's socket.
 *
 * ```abnf
 * answer = "(0, " value ")" / "(1, " error ")" / "['SHUTDOWN']" / "ERROR: " text
 * ; pickled
 * ```
 *
 * @see fail2ban/server/asyncserver.py, transmitter.py
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { PickleError, type PickleValue, unpickle } from "./pickle.ts";
import type { Fail2banReply } from "./ports.ts";

/** Maximum length of fail2ban's message, in characters. */
const MAX_REASON_LENGTH = 200;

/**
 * Reads an answer.
 *
 * @param bytes The pickle, without the marker.
 * @throws {RuntimeError} when fail2ban is stopping, or the bytes are not an
 * answer.
 *
 * @example
 * ```ts
 * import { readAnswer } from "./answer.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("(K\0U\x04pongt.");
 * deepStrictEqual(readAnswer(bytes), { kind: "done", value: "pong" });
 * ```
 */
export function readAnswer(bytes: Uint8Array): Fail2banReply {
  const answer = decode(bytes);
  if (typeof answer === "string") return refused(answer);
  const [status, value, ...rest] = Array.isArray(answer)
    ? answer as readonly PickleValue[]
    : [];
  if (status === "SHUTDOWN" && value === undefined) {
    throw new RuntimeError("fail2ban is stopping", {
      hint: "once it runs again it is asked again",
    });
  }
  if (value !== undefined && rest.length === 0) {
    if (status === 0) return { kind: "done", value };
    if (status === 1) return readError(value);
  }
  throw notUnderstood();
}

/**
 * Makes a refusal of fail2ban's message, fit for a log: one line, printable,
 * not too long.
 */
export function refused(words: string): Fail2banReply {
  const reason = words.replace(/[^\x20-\x7e]+/g, " ").trim();
  return { kind: "refused", reason: reason.slice(0, MAX_REASON_LENGTH) };
}

function decode(bytes: Uint8Array): PickleValue {
  try {
    return unpickle(bytes);
  } catch (error) {
    if (error instanceof PickleError) throw notUnderstood(error);
    throw error;
  }
}

function readError(value: PickleValue): Fail2banReply {
  if (value === null || typeof value !== "object" || !("called" in value)) {
    throw notUnderstood();
  }
  const name = value.called.slice(value.called.lastIndexOf(".") + 1);
  if (name === "UnknownJailException") return { kind: "no_jail" };
  const said = value.args.filter((arg) => typeof arg !== "object").join(", ");
  return refused(said === "" ? name : said);
}

function notUnderstood(cause?: PickleError): RuntimeError {
  return new RuntimeError("fail2ban's answer is not understood", {
    hint: "is it fail2ban that listens there?",
    cause,
  });
}
