/**
 * Sends requests to etcd by its JSON gateway, for which no package is needed.
 *
 * @see {@link https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/ | etcd, gRPC gateway}
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { inTime } from "../../async/tasks.ts";
import { RuntimeError } from "../../base/errors.ts";
import {
  type EtcdGateway,
  isObject,
  type JsonObject,
} from "../etcd_gateway.ts";
import { NoLogError } from "../shared_log.ts";

/** Addresses of etcd, and credentials. */
export interface EtcdOptions {
  /**
   * URLs of its members, such as `https://127.0.0.1:2379`; one at a time is
   * used.
   */
  readonly urls: readonly string[];
  /** The certificate authority as PEM; `undefined`: the system's. */
  readonly authority?: string | undefined;
  /** `undefined`: etcd requires no login. */
  readonly user?: EtcdUser | undefined;
  readonly clock: Clock;
  /** Default timeout for an answer, in milliseconds. @default {1000} */
  readonly timeoutMs?: number;
}

/** The credentials of a user. */
export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

/** A request, and the timeout for its answer in milliseconds. */
interface Question {
  readonly body: unknown;
  readonly timeoutMs?: number | undefined;
}

/** Limits of the wait for an answer. */
interface Wait {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
}

const OK = 200;
const [UNAUTHORIZED, BAD_REQUEST, SERVER_ERROR] = [401, 400, 500];
/** etcd's messages about an expired token; the status alone does not tell. */
const ENDED_TOKEN = /invalid auth token|auth: revision.*old|user name is empty/;
const HINT =
  "is etcd running on two hosts of three? etcdctl endpoint health says so; publisher.engineurls says where it is looked for";

/** A connection to etcd. */
export class EtcdClient implements EtcdGateway, Disposable {
  readonly #options: EtcdOptions;
  readonly #client: Deno.HttpClient | undefined;
  /** The member that answered last is tried first. */
  #at = 0;
  #token: string | undefined;

  /**
   * @param options See {@link EtcdOptions}.
   * @throws {RuntimeError} when the authority is no certificate.
   */
  constructor(options: EtcdOptions) {
    this.#options = options;
    const { authority } = options;
    this.#client = authority === undefined ? undefined : trusting(authority);
  }

  /**
   * Sends a request. If a member does not answer, the next one is tried, so the
   * request may be carried out more than once.
   *
   * @param path As in `/v3/kv/txn`.
   * @param body The request.
   * @param signal Aborts it; the promise then rejects with its reason.
   * @param timeoutMs Longest wait for one member's answer, in milliseconds;
   * `undefined`: the default.
   * @returns The answer with unknown members.
   * @throws {NoLogError} when no member answers, or the request is refused.
   */
  async ask(
    path: string,
    body: unknown,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<JsonObject> {
    return await this.#anyOf(
      (url) =>
        this.#known(
          url,
          signal,
          () => this.#post(url, path, { body, timeoutMs }, signal),
        ),
      signal,
    );
  }

  async follow(
    path: string,
    body: unknown,
    onTold: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#anyOf(
      (url) =>
        this.#known(url, signal, async () => {
          const question = this.#questionOf(body);
          const response = await this.#request(url, path, question, signal);
          if (response.status !== OK) {
            throw failureOf(response.status, await response.text());
          }
          for await (const part of response.body ?? []) {
            const said = new TextDecoder().decode(part);
            // etcd answers 200 and stays connected where it refuses a watch.
            if (said.includes('"canceled":true')) throw new RefusedError(said);
            onTold();
          }
          throw new Error("it tells nothing any more");
        }),
      signal,
    );
  }

  async read(path: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#anyOf(async (url) => {
      const { status, text } = await this.#fetch(url, path, {}, { signal });
      return status === OK ? text : undefined;
    }, signal);
  }

  /** Tries one member after the other. */
  async #anyOf<T>(
    attempt: (url: string) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const { urls } = this.#options;
    let trouble = "";
    for (let tries = 0; tries < urls.length; tries++) {
      const at = this.#at;
      const url = urls[at % urls.length] ?? "";
      try {
        return await attempt(url);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RefusedError) throw refusal(error.message);
        trouble = `${url}: ${reasonOf(error)}`;
        // Another request may have gone on to the next member meanwhile.
        if (this.#at === at) this.#at++;
      }
    }
    throw new NoLogError(`etcd does not answer: ${trouble}`, { hint: HINT });
  }

  /** Logs in if etcd requires it, again if the token has ended. */
  async #known<T>(
    url: string,
    signal: AbortSignal,
    ask: () => Promise<T>,
  ): Promise<T> {
    const { user } = this.#options;
    if (user === undefined) return await ask();
    const isFresh = this.#token === undefined;
    this.#token ??= await this.#logIn(url, user, signal);
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof EndedTokenError)) throw error;
      this.#token = undefined;
      if (isFresh) throw new RefusedError(error.message);
      this.#token = await this.#logIn(url, user, signal);
      return await ask();
    }
  }

  async #logIn(
    url: string,
    user: EtcdUser,
    signal: AbortSignal,
  ): Promise<string> {
    const { token } = await this.#post(
      url,
      "/v3/auth/authenticate",
      { body: user },
      signal,
    );
    if (typeof token !== "string") throw new RefusedError("it gives no token");
    return token;
  }

  async #post(
    url: string,
    path: string,
    { body, timeoutMs }: Question,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const question = this.#questionOf(body);
    const wait = { signal, timeoutMs };
    const { status, text } = await this.#fetch(url, path, question, wait);
    if (status === OK) return answerOf(text);
    throw failureOf(status, text);
  }

  #questionOf(body: unknown): RequestInit {
    return {
      method: "POST",
      headers: this.#token === undefined ? {} : { authorization: this.#token },
      body: JSON.stringify(body),
    };
  }

  #request(
    url: string,
    path: string,
    asked: RequestInit,
    signal: AbortSignal,
  ): Promise<Response> {
    return fetch(new URL(path, url), {
      ...{ ...asked, signal, redirect: "error" },
      ...(this.#client === undefined ? {} : { client: this.#client }),
    });
  }

  async #fetch(
    url: string,
    path: string,
    asked: RequestInit,
    { signal, timeoutMs = this.#options.timeoutMs ?? 1_000 }: Wait,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { clock } = this.#options;
    const answer = await inTime(clock, timeoutMs, signal, async (ended) => {
      const response = await this.#request(url, path, asked, ended);
      return { status: response.status, text: await response.text() };
    });
    if (answer !== undefined) return answer;
    throw new Error(`no answer within ${timeoutMs} ms`);
  }

  /** Closes its connections. */
  [Symbol.dispose](): void {
    this.#client?.close();
  }
}

function trusting(authority: string): Deno.HttpClient {
  try {
    return Deno.createHttpClient({ caCerts: [authority] });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new RuntimeError(
      `etcd's authority is no certificate: ${error.message}`,
      {
        hint: "publisher.engineca names a file of certificates as PEM",
      },
    );
  }
}

/** Another member would refuse as well. */
class RefusedError extends Error {}
class EndedTokenError extends Error {}

function answerOf(text: string): JsonObject {
  const answer: unknown = JSON.parse(text);
  if (isObject(answer)) return answer;
  throw new Error("it answers with what is no object");
}

function failureOf(status: number, text: string): Error {
  const said = saidIn(text);
  if (status === UNAUTHORIZED || ENDED_TOKEN.test(said)) {
    return new EndedTokenError(said);
  }
  // etcd has no leader or is overloaded: the request is repeated.
  return status >= BAD_REQUEST && status < SERVER_ERROR
    ? new RefusedError(said)
    : new Error(said);
}

function saidIn(text: string): string {
  try {
    const { error, message } = answerOf(text);
    return String(message ?? error);
  } catch {
    return text.slice(0, 200).trim();
  }
}

function refusal(reason: string): NoLogError {
  return new NoLogError(`etcd refuses what is asked: ${reason}`, {
    hint:
      "is the user in publisher.enginelogin allowed to read and write publisher.engineprefix?",
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
}
