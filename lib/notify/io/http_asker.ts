/**
 * Asks other hosts over HTTP and HTTPS.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { inTime } from "../../async/tasks.ts";
import { RuntimeError } from "../../base/errors.ts";
import { answerTrouble, askTrouble, lateTrouble } from "../answer_trouble.ts";
import type { HttpAsker, HttpQuestion } from "../ports.ts";

/** Where systems keep whom they trust; the first that is there. */
const AUTHORITIES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * Asks by way of `fetch`. Those are trusted whom this system trusts, beside
 * those that the runtime knows.
 */
export class FetchAsker implements HttpAsker {
  readonly #clock: Clock;
  readonly #authorities: readonly string[];

  /**
   * @param clock Measures how long an answer takes.
   * @param authorities Files of certificates. @default {the system's}
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
      // One for each question: no connection is held between, and a renewed bundle counts.
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
      // The reason is in the cause from Deno 2.9 on, in the message before.
      throw askTrouble(target, `${error.message} ${error.cause ?? ""}`);
    }
  }

  async #trusted(): Promise<readonly string[]> {
    for (const path of this.#authorities) {
      try {
        return [await Deno.readTextFile(path)];
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        // What the system says; anything else is a bug.
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
