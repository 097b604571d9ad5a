/**
 * Turns HTTP answers and failed requests of the heartbeat and the webhook into
 * errors.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { HttpTarget } from "../http/http_target.ts";

/** The receiver understood the request and refuses it. */
export class NotTakenError extends RuntimeError {}

const HINTS: Readonly<Record<number, string>> = {
  400: "the receiver wants another form: see docs/METRICS.md for what is sent",
  401: "is the secret in the URL the one that the receiver gave?",
  403: "is the secret in the URL the one that the receiver gave?",
  404: "is the URL whole, and is there still such a check or hook?",
  405: "the heartbeat is a GET, the webhook a POST: is the URL for that?",
  410: "the receiver has deleted it: make a new one",
  413: "the receiver takes less than 64 KiB at a time",
  429: "the receiver is asked too often: is the same URL in use elsewhere?",
};
/** Refusals that are temporary. */
const PASSING: readonly number[] = [408, 425, 429];

/**
 * Turns an HTTP answer into an error.
 *
 * @param target The receiver that answered.
 * @param status The HTTP status.
 * @returns The error, or `undefined` for success.
 *
 * @example
 * ```ts
 * import { answerTrouble } from "./answer_trouble.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const target = { url: "https://a.example/s3cr3t", shown: "https://a.example/********" };
 * strictEqual(answerTrouble(target, 204), undefined);
 * strictEqual(answerTrouble(target, 500)?.message, "https://a.example/******** answered 500");
 * ```
 */
export function answerTrouble(
  { shown }: HttpTarget,
  status: number,
): RuntimeError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const message = `${shown} answered ${status}`;
  if (status < 400) {
    const hint = "a redirect is not followed: set the URL that it leads to";
    return new NotTakenError(message, { hint });
  }
  const hint = HINTS[status] ??
    (status < 500
      ? "the receiver does not want it: see its documentation"
      : "the receiver has trouble of its own: see its log");
  const isPassing = status >= 500 || PASSING.includes(status);
  return isPassing
    ? new RuntimeError(message, { hint })
    : new NotTakenError(message, { hint });
}

/** What the runtime's error texts mean; the first match counts. */
const CAUSES: readonly (readonly [RegExp, string, string])[] = [
  [
    /dns error|lookup address|Name or service|resolve/i,
    "its name is not known",
    "is the host's name right, and does this host resolve names?",
  ],
  [
    /NotValidForName|not valid for name/i,
    "its certificate is for another name",
    "use the name that the certificate is for",
  ],
  [
    /expired|NotValidYet|not valid yet/i,
    "its certificate is not valid at this time",
    "renew the certificate, or set this host's clock",
  ],
  [
    /UnknownIssuer|invalid peer certificate|certificate/i,
    "its certificate is of no authority that this host trusts",
    "add the authority to this system's: update-ca-certificates, or update-ca-trust",
  ],
  [
    /InvalidContentType|corrupt message|tls/i,
    "it does not speak TLS",
    "is it http:// that is served at this port?",
  ],
  [
    /refused/i,
    "nobody listens there",
    "is the receiver running, and is the port right?",
  ],
  [
    /unreachable|No route/i,
    "there is no way to it",
    "does a firewall let this host's programs out?",
  ],
];

/**
 * Makes the error of a request without an answer. The runtime's text is matched
 * but never shown: it contains the whole URL.
 *
 * @param target The receiver.
 * @param words The runtime's error text.
 */
export function askTrouble(
  { shown }: HttpTarget,
  words: string,
): RuntimeError {
  const [, what, hint] = CAUSES.find(([form]) => form.test(words)) ?? [
    "",
    "the connection ended without an answer",
    "see whether the receiver works, and what is between",
  ];
  return new RuntimeError(`cannot reach ${shown}: ${what}`, { hint });
}

/** Makes the error of a request that timed out. */
export function lateTrouble(
  { shown }: HttpTarget,
  timeoutMs: number,
): RuntimeError {
  return new RuntimeError(
    `${shown} did not answer within ${timeoutMs / 1_000} s`,
    { hint: "does a firewall let this host's programs out?" },
  );
}
