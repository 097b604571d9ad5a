/**
 * The port for HTTP requests to other hosts.
 *
 * @module
 */

import type { HttpTarget } from "../http/http_target.ts";

/** A request. */
export interface HttpQuestion {
  readonly target: HttpTarget;
  /** Body of a POST; without it the request is a GET. */
  readonly json?: string;
  /** Timeout of the answer. */
  readonly timeoutMs: number;
}

/** Sends requests to other hosts. Never retries and never follows redirects. */
export interface HttpAsker {
  /**
   * Sends one request. Certificates are verified.
   *
   * @param question The request.
   * @param signal Ends it.
   * @throws {RuntimeError} unless the status is 200 to 299; it has a hint and
   * does not contain the URL's secret. {@link NotTakenError} when a retry of
   * the same request can't help.
   */
  ask(question: HttpQuestion, signal: AbortSignal): Promise<void>;
}
