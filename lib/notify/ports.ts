/**
 * The port of asking another host over HTTP.
 *
 * @module
 */

import type { HttpTarget } from "../http/http_target.ts";

/** What is asked. */
export interface HttpQuestion {
  readonly target: HttpTarget;
  /** JSON for a POST; left out: a GET. */
  readonly json?: string;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** Asks other hosts. Each question is one request: nothing is tried again, no redirect is followed. */
export interface HttpAsker {
  /**
   * Asks once. Certificates are verified.
   *
   * @param question What to ask.
   * @param signal Ends it.
   * @throws {RuntimeError} unless the answer is of 200 to 299, with a hint, and
   * without the secret of the URL; {@link NotTakenError} where asking the same
   * again can't help.
   */
  ask(question: HttpQuestion, signal: AbortSignal): Promise<void>;
}
