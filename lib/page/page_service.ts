/**
 * Answers the requests of browsers, and of clients that pretend to be one.
 *
 * | request             | allowed | answer                                         |
 * | ------------------- | ------- | ---------------------------------------------- |
 * | `GET /`, its files  | anybody | the page, which contains no data               |
 * | `GET /api/visit`    | anybody | the browser's login, or nothing                |
 * | `POST /api/login`   | anybody | a cookie, for a code of the operator's command |
 * | `POST /api/ask`     | a login | JSON lines, as on the operators' socket        |
 * | `GET /api/live`     | a login | server-sent events, see `live_stream.ts`       |
 * | `POST /api/logout`  | a login | ends the login                                 |
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

/** A question that a browser may follow. */
export type FollowedQuestion = Extract<
  OperatorRequest,
  { kind: "follow" | "tail" }
>;

/** Options for {@link PageService}. */
export interface PageServiceOptions {
  readonly visits: PageVisits;
  readonly clock: Clock;
  /** Further names of the page, in lower case. */
  readonly hosts: readonly string[];
  /** The users that a proxy may name; when empty, no proxy is trusted. */
  readonly users: readonly PageUser[];
  /** The page's files by path. */
  readonly files: ReadonlyMap<string, PageFile>;
  /**
   * Asks the operators' service; `undefined` until that service has started.
   */
  readonly ask: () => AskService | undefined;
  /** Reads and edits the allowlist. @throws {RuntimeError} when it can't. */
  readonly allow: (question: AllowQuestion, by: string) => Promise<AllowAnswer>;
  /** Records a login in the audit trail. */
  readonly record: RecordDeed;
}

/** Handles an operator's question; ends with the signal, and never rejects. */
export type AskService = (
  question: ServedQuestion | FollowedQuestion,
  signal: AbortSignal,
) => AsyncGenerator<OperatorAnswer, void, undefined>;

/** An answer with a stream as its body. */
export interface LiveAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The caller must call this, and read it to its end, which comes with the
   * signal at the latest.
   */
  readonly begin: (signal: AbortSignal) => AsyncIterable<string>;
}

/** A login as its browser sees it. */
export interface ShownVisit extends PageVisit {
  /** Whether the login comes from a proxy, so that nobody can log out here. */
  readonly isByProxy: boolean;
}

/** An answer of the page. */
export type PageAnswer = HttpAnswer | LiveAnswer;

/** Maximum number of concurrent streams. */
export const MAX_LIVE = 50;

const ALL = { jail: null, node: null, at: null, within: null };
const ENCODER = new TextEncoder();

/** Answers any number of requests concurrently. */
export class PageService {
  readonly #options: PageServiceOptions;
  #live = 0;

  /** @param options See {@link PageServiceOptions}. */
  constructor(options: PageServiceOptions) {
    this.#options = options;
  }

  /** Number of open streams. */
  get live(): number {
    return this.#live;
  }

  /**
   * Answers a request.
   *
   * @param request The request.
   * @param signal Aborts when the client is gone.
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
    // No login is not an error here, and no secret.
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

  /**
   * Answers a posted question; an operational error becomes a `failed` answer.
   */
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
        // A proxy that compresses would buffer the events.
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
        // An expired or ended login receives nothing more.
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

/** The login without its digest. */
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
