/**
 * Sends requests to other hosts over HTTP and HTTPS.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { inTime } from "../../async/tasks.ts";
import { RuntimeError } from "../../base/errors.ts";
import { answerTrouble, askTrouble, lateTrouble } from "../answer_trouble.ts";
import type { HttpAsker, HttpQuestion } from "../ports.ts";

/**
 * Where systems keep their trusted certificates; the first existing file
 * counts.
 */
const AUTHORITIES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * Sends requests with `fetch`. Trusts the system's certificates in addition to
 * the runtime's own.
 */
export class FetchAsker implements HttpAsker {
  readonly #clock: Clock;
  readonly #authorities: readonly string[];

  /**
   * @param clock Measures the timeout.
   * @param authorities Certificate files. @default {the system's}
   */
  constructor(clock: Clock, authorities: readonly string[] = AUTHORITIES) {
    this.#clock = clock;
    this.#authorities = authorities;
  }

  async ask(question: HttpQuestion, signal: AbortSignal): Promise<void> {
    const { target, timeoutMs } = question;
    const status = await inTime(
      this.#clock,
      timeoutMs,
      signal,
      (ended) => this.#statusOf(question, ended),
    );
    if (status === undefined) throw lateTrouble(target, timeoutMs);
    const trouble = answerTrouble(target, status);
    if (trouble !== undefined) throw trouble;
  }

  async #statusOf(
    { target, json }: HttpQuestion,
    signal: AbortSignal,
  ): Promise<number> {
    const caCerts = [...await this.#trusted()];
    try {
      // A new client per request: it keeps no idle connection and reads a
      // renewed bundle.
      using client = Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 0 });
      const response = await fetch(target.url, {
        client,
        ...{ redirect: "manual", signal },
        ...json === undefined ? {} : {
          ...{ method: "POST", body: json },
          headers: { "content-type": "application/json" },
        },
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TypeError)) throw error;
      // Deno 2.9 and later put the reason into the cause, older ones into the
      // message.
      throw askTrouble(target, `${error.message} ${error.cause ?? ""}`);
    }
  }

  async #trusted(): Promise<readonly string[]> {
    for (const path of this.#authorities) {
      try {
        return [await Deno.readTextFile(path)];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        // Only system errors are expected here; anything else is a bug.
        if (!(error instanceof Error && "code" in error)) throw error;
        throw new RuntimeError(`${path} can't be read: ${error.message}`, {
          hint:
            "whom this system trusts stands there: give its users leave to read it",
        });
      }
    }
    return [];
  }
}
