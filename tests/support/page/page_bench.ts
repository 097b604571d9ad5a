/**
 * The page's service with in-memory dependencies.
 *
 * @module
 */

import type { StoredVisits } from "../../../lib/page/visit_form.ts";
import {
  type AskService,
  type PageAnswer,
  PageService,
} from "../../../lib/page/page_service.ts";
import { PageVisits } from "../../../lib/page/page_visits.ts";
import type { AllowQuestion } from "../../../lib/page/page_questions.ts";
import { type HttpAnswer, UNIX_PEER } from "../../../lib/http/http_request.ts";
import type { PageUser } from "../../../lib/members/page_user.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { ManualClock } from "../memory/manual_clock.ts";

/** Headers of a browser with the open page. */
export const BROWSER: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "host": "localhost:9683",
  "origin": "http://localhost:9683",
};

/** The login of the command's user. */
export const LOGIN = { by: "alice", isReadOnly: false, forMs: 3_600_000 };

/** The stored logins; `isFull` makes writes fail. */
export class MemoryVisits {
  kept: StoredVisits = { visits: [] };
  isFull = false;

  replace(value: StoredVisits): Promise<void> {
    if (this.isFull) return Promise.reject(new RuntimeError("disk full"));
    this.kept = value;
    return Promise.resolve();
  }
}

/** A service and its recorded questions. */
export class PageBench {
  readonly clock = new ManualClock();
  readonly store = new MemoryVisits();
  readonly visits: PageVisits;
  readonly service: PageService;
  readonly asked: unknown[] = [];
  readonly recorded: string[] = [];
  ask: AskService = async function* () {
    yield await Promise.resolve({ kind: "done" as const, count: 1 });
  };
  #made = 0;

  /** @param users The users that a proxy may name. */
  constructor(users: readonly PageUser[] = []) {
    this.visits = this.reopened();
    this.service = new PageService({
      ...{ visits: this.visits, clock: this.clock },
      ...{ hosts: ["bans.example.org"], users, files: new Map() },
      ask: () => (question, signal) => {
        this.asked.push(question);
        return this.ask(question, signal);
      },
      allow: (question: AllowQuestion, by) => {
        this.asked.push({ ...question, by });
        return Promise.resolve({ kind: "allowlist", allowed: [] });
      },
      record: (...deed) => {
        this.recorded.push(deed.join(" ").trim());
        return Promise.resolve();
      },
    });
  }

  /** The logins after a restart. */
  reopened(): PageVisits {
    const { signal } = new AbortController();
    return new PageVisits({
      ...{ store: this.store, kept: this.store.kept.visits },
      ...{ clock: this.clock, signal },
      newCode: () => String(++this.#made).padStart(32, "c0de"),
      newSecret: () => String(++this.#made).padStart(43, "s"),
    });
  }

  /** Sends a request with a complete answer. */
  async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> = "",
    peer = UNIX_PEER,
  ): Promise<HttpAnswer> {
    const { body: stream } = new Response(body);
    const answer = await this.#answer(method, path, headers, stream, peer);
    if ("begin" in answer) throw new TypeError("Cannot hold what goes on");
    return answer;
  }

  /** Starts a stream. */
  async follow(
    headers: Readonly<Record<string, string>>,
  ): Promise<AsyncIterator<string>> {
    const answer = await this.#answer("GET", "/api/live", headers);
    if (!("begin" in answer)) throw new TypeError(`Refused: ${answer.status}`);
    const { signal } = new AbortController();
    return answer.begin(signal)[Symbol.asyncIterator]();
  }

  async #answer(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: ReadableStream<Uint8Array> | null = null,
    peer = UNIX_PEER,
  ): Promise<PageAnswer> {
    const { signal } = new AbortController();
    return await this.service.answer({
      ...{ method, path, peer, body, hasQuery: path.includes("?") },
      headers: new Headers({ ...BROWSER, ...headers }),
    }, signal);
  }

  /** Logs in, and returns the cookie. */
  async enter(login: Partial<typeof LOGIN> = {}): Promise<string> {
    const code = await this.visits.issue({ ...LOGIN, ...login });
    const answer = await this.send("POST", "/api/login", {}, codeBody(code));
    return (answer.headers["set-cookie"] ?? "").replace(/;.*/, "");
  }
}

/** The body of the login form. */
export function codeBody(code: string): string {
  return JSON.stringify({ code });
}

/** The text of an answer. */
export function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body);
}
