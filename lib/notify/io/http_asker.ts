/**
 * Asks other hosts over HTTP and HTTPS.
 *
 * @module
 */

import { EitherSignal } from "../../async/either_signal.ts";
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
  readonly #authorities: readonly string[];

  /** @param authorities Files of certificates. @default {the system's} */
  constructor(authorities: readonly string[] = AUTHORITIES) {
    this.#authorities = authorities;
  }

  async ask(
    { target, json, timeoutMs }: HttpQuestion,
    signal: AbortSignal,
  ): Promise<void> {
    const late = new AbortController();
    using either = new EitherSignal([signal, late.signal]);
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      // One for each question: no connection is held between, and a renewed bundle counts.
      using client = Deno.createHttpClient({
        caCerts: [...await this.#trusted()],
        poolMaxIdlePerHost: 0,
      });
      const response = await fetch(target.url, {
        client,
        ...{ redirect: "manual", signal: either.signal },
        ...json === undefined ? {} : {
          ...{ method: "POST", body: json },
          headers: { "content-type": "application/json" },
        },
      });
      await response.body?.cancel();
      const trouble = answerTrouble(target, response.status);
      if (trouble !== undefined) throw trouble;
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted) throw lateTrouble(target, timeoutMs);
      if (!(error instanceof TypeError)) throw error;
      // The reason is in the cause from Deno 2.9 on, in the message before.
      throw askTrouble(target, `${error.message} ${error.cause ?? ""}`);
    } finally {
      clearTimeout(timer);
    }
  }

  async #trusted(): Promise<readonly string[]> {
    for (const path of this.#authorities) {
      try {
        return [await Deno.readTextFile(path)];
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return [];
  }
}
