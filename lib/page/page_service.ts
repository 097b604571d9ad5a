/**
 * Answers a browser that has the page open, and whoever only seems to be one.
 *
 * | what                | who     | answer                                         |
 * | ------------------- | ------- | ---------------------------------------------- |
 * | `GET /`, its files  | anybody | the page, in which nothing is told             |
 * | `GET /api/visit`    | anybody | who is in with this browser, or nothing        |
 * | `POST /api/login`   | anybody | a cookie for a code of the operator's command  |
 * | `POST /api/ask`     | a login | lines of JSON, as the operators' socket has    |
 * | `GET /api/live`     | a login | server-sent events, see `live_stream.ts`       |
 * | `POST /api/logout`  | a login | the cookie counts no longer                    |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import { type HttpAnswer, textAnswer } from "../http/http_request.ts";
import type { RecordDeed } from "../members/node_records.ts";
import type { PageUser } from "../members/page_user.ts";
import { pageActor, type PageVisit } from "../members/page_visit.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../wire/operator_messages.ts";
import { readJson } from "./body_reader.ts";
import {
  lastChange,
  liveEventText,
  merged,
  STREAM_BEGIN,
} from "./live_stream.ts";
import { fileAnswer, PAGE_HEADERS, type PageFile } from "./page_files.ts";
import { isOwnHost, pageRefusal, type PageRequest } from "./page_guard.ts";
import {
  type AllowAnswer,
  type AllowQuestion,
  readQuestion,
  type ServedQuestion,
} from "./page_questions.ts";
import { isByProxy, proxyVisit } from "./proxy_user.ts";
import { clearedCookie, shownSecret, visitCookie } from "./visit_cookie.ts";
import type { PageVisits } from "./page_visits.ts";

/** What a browser may follow. */
export type FollowedQuestion = Extract<
  OperatorRequest,
  { kind: "follow" | "tail" }
>;

/** Options for {@link PageService}. */
export interface PageServiceOptions {
  readonly visits: PageVisits;
  readonly clock: Clock;
  /** Names of the page besides those of the host itself, in lower case. */
  readonly hosts: readonly string[];
  /** Who may use it by the word of a proxy; none: no proxy is believed. */
  readonly users: readonly PageUser[];
  /** By their paths. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Asks the operators' service; `undefined`: it has not begun. */
  readonly ask: () => AskService | undefined;
  /** Reads and edits the allowlist. @throws {RuntimeError} when it can't. */
  readonly allow: (question: AllowQuestion, by: string) => Promise<AllowAnswer>;
  /** Records who got in. */
  readonly record: RecordDeed;
}

/** Does what an operator asks; ends with the signal, and never rejects. */
export type AskService = (
  question: ServedQuestion | FollowedQuestion,
  signal: AbortSignal,
) => AsyncGenerator<OperatorAnswer, void, undefined>;

/** An answer that goes on. */
export interface LiveAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** Has to be called, and read until it ends: with the signal at the latest. */
  readonly begin: (signal: AbortSignal) => AsyncIterable<string>;
}

/** Who is in, as a browser is told. */
export interface ShownVisit extends PageVisit {
  /** Whether a proxy says so, and nobody can log out here. */
  readonly isByProxy: boolean;
}

/** What is answered. */
export type PageAnswer = HttpAnswer | LiveAnswer;

/** Browsers that follow at a time. */
export const MAX_LIVE = 50;

const ALL = { jail: null, node: null, at: null, within: null };
const ENCODER = new TextEncoder();

/** Answers one request after the other, and many beside each other. */
export class PageService {
  readonly #options: PageServiceOptions;
  #live = 0;

  /** @param options See {@link PageServiceOptions}. */
  constructor(options: PageServiceOptions) {
    this.#options = options;
  }

  /** Browsers that follow. */
  get live(): number {
    return this.#live;
  }

  /**
   * Answers a request.
   *
   * @param request What is asked.
   * @param signal Whoever asks is gone.
   */
  async answer(request: PageRequest, signal: AbortSignal): Promise<PageAnswer> {
    const answer = pageRefusal(request, this.#options.hosts) ??
      await this.#answer(request, signal);
    return { ...answer, headers: { ...answer.headers, ...PAGE_HEADERS } };
  }

  async #answer(
    request: PageRequest,
    signal: AbortSignal,
  ): Promise<PageAnswer> {
    const { method, path, headers } = request;
    const file = this.#options.files.get(path);
    if (file !== undefined && method !== "POST") {
      return fileAnswer(file, path, headers.get("accept-encoding"));
    }
    const what = `${method} ${path}`;
    const proxied = proxyVisit(request, this.#options.users, this.#nowMs());
    if (proxied === "stranger") return textAnswer(403, NO_USER);
    if (what === "POST /api/login") {
      return await this.#posted(
        request,
        signal,
        (value) => this.#enter(value, headers),
      );
    }
    const secret = shownSecret(headers.get("cookie"));
    const visit = proxied ??
      (secret === undefined
        ? undefined
        : await this.#options.visits.find(secret));
    // Nobody is in is no fault, and no secret.
    if (what === "GET /api/visit") {
      return jsonAnswer(visit === undefined ? [] : [shown(visit)]);
    }
    if (visit === undefined) {
      return path.startsWith("/api/") ? textAnswer(401, LOGIN_FIRST) : NOTHING;
    }
    switch (what) {
      case "GET /api/live":
        return this.#follow(visit, headers.get("last-event-id"));
      case "POST /api/ask":
        return await this.#posted(
          request,
          signal,
          (value) => this.#ask(value, visit, signal),
        );
      case "POST /api/logout":
        return await this.#posted(request, signal, () => this.#leave(visit));
      default:
        return NOTHING;
    }
  }

  /** Reads what was posted, and answers it; what an operator can mend is told. */
  async #posted(
    request: PageRequest,
    signal: AbortSignal,
    answer: (value: unknown) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    const body = await readJson(request, this.#options.clock, signal);
    if ("refused" in body) return body.refused;
    try {
      return await answer(body.value);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message, hint = "" } = error;
      return jsonAnswer([{ kind: "failed", message, hint }]);
    }
  }

  async #enter(value: unknown, headers: Headers): Promise<HttpAnswer> {
    const { visits, record } = this.#options;
    const code = codeIn(value);
    if (code === undefined) return textAnswer(400, "this is no code");
    const entry = await visits.enter(code);
    if (entry === "too-often") {
      return textAnswer(429, "too many tries: wait a minute", {
        "retry-after": "60",
      });
    }
    if (entry === "wrong") {
      return textAnswer(403, "the code is wrong, was used, or is too old");
    }
    const { secret, visit } = entry;
    const rights = visit.isReadOnly ? "read only" : "";
    await record(visit.by, "page enter", "page", rights);
    const isSecure = !isOwnHost(headers.get("host") ?? "");
    return jsonAnswer([shown(visit)], {
      "set-cookie": visitCookie(secret, visit, isSecure),
    });
  }

  async #leave(visit: PageVisit): Promise<HttpAnswer> {
    if (isByProxy(visit)) return textAnswer(400, "log out where you logged in");
    await this.#options.visits.leave(visit);
    return jsonAnswer([], { "set-cookie": clearedCookie() });
  }

  async #ask(
    value: unknown,
    visit: PageVisit,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const asked = readQuestion(value, visit);
    if (asked === "malformed") {
      return textAnswer(
        400,
        "this is not understood: is the address, network or name right?",
      );
    }
    if (asked === "not-allowed") {
      return textAnswer(403, "this login may only read");
    }
    if (asked.is === "served") {
      return await this.#answers(asked.question, signal);
    }
    const { allow } = this.#options;
    return jsonAnswer([await allow(asked.question, pageActor(visit.by))]);
  }

  async #answers(
    question: ServedQuestion,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const ask = this.#options.ask();
    if (ask === undefined) return NOT_YET;
    const answers: OperatorAnswer[] = [];
    for await (const answer of ask(question, signal)) answers.push(answer);
    return jsonAnswer(answers);
  }

  #holds(visit: PageVisit): boolean {
    return isByProxy(visit)
      ? visit.endsMs > this.#nowMs()
      : this.#options.visits.holds(visit);
  }

  #nowMs(): number {
    return Math.max(0, Math.round(this.#options.clock.nowMs()));
  }

  #follow(visit: PageVisit, lastId: string | null): PageAnswer {
    const ask = this.#options.ask();
    if (ask === undefined) return NOT_YET;
    if (this.#live >= MAX_LIVE) {
      return textAnswer(503, `${MAX_LIVE} browsers follow already`, {
        ...RETRY,
        connection: "close",
      });
    }
    const since = lastChange(lastId);
    this.#live++;
    return {
      headers: {
        "content-type": "text/event-stream",
        // Compressed it would come later.
        "cache-control": "no-store, no-transform",
      },
      begin: (signal) => this.#events(visit, since, ask, signal),
    };
  }

  async *#events(
    visit: PageVisit,
    since: number | null,
    ask: AskService,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    try {
      yield STREAM_BEGIN;
      const answers = merged(signal, (either) => [
        ask({ kind: "follow", since }, either),
        ask({ kind: "tail", filter: ALL }, either),
      ]);
      for await (const answer of answers) {
        // A login that is over is told nothing more.
        if (!this.#holds(visit)) {
          yield "event: over\ndata: {}\n\n";
          return;
        }
        yield liveEventText(answer);
      }
    } finally {
      this.#live--;
    }
  }
}

const LOGIN_FIRST = "log in first: fail2ban-cluster page login prints a code";
const NO_USER =
  "the proxy names somebody who may not use the page: see pageusers";
const RETRY = { "retry-after": "5" };
const NOTHING = textAnswer(404, "there is nothing here");
const NOT_YET = textAnswer(503, "the publisher is starting", RETRY);

function jsonAnswer(
  lines: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return {
    status: 200,
    headers: {
      "content-type": "application/x-ndjson",
      "cache-control": "no-store",
      ...headers,
    },
    body: ENCODER.encode(text),
  };
}

/** Without its digest. */
function shown(visit: PageVisit): ShownVisit {
  const { by, isReadOnly, beganMs, endsMs } = visit;
  return { by, isReadOnly, beganMs, endsMs, isByProxy: isByProxy(visit) };
}

function codeIn(value: unknown): string | undefined {
  const isIt = typeof value === "object" && value !== null &&
    Object.keys(value).join() === "code" && "code" in value &&
    typeof value.code === "string";
  return isIt ? String(value.code).trim() : undefined;
}
