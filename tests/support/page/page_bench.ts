/**
 * The page's service without sockets, files and a publisher.
 *
 * @module
 */

import type { StoredVisits } from "../../../lib/page/visit_form.ts";
import {
  type AskService,
  PageService,
} from "../../../lib/page/page_service.ts";
import { PageVisits } from "../../../lib/page/page_visits.ts";
import type { AllowQuestion } from "../../../lib/page/page_questions.ts";
import type { HttpAnswer } from "../../../lib/http/http_request.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { ManualClock } from "../memory/manual_clock.ts";

/** Headers of a browser that has the page open. */
export const BROWSER: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "host": "localhost:9683",
  "origin": "http://localhost:9683",
};

/** Whom the command's user is. */
export const LOGIN = { by: "alice", isReadOnly: false, forMs: 3_600_000 };

/** What is kept of logins, and whether that can be. */
export class MemoryVisits {
  kept: StoredVisits = { visits: [] };
  isFull = false;

  replace(value: StoredVisits): Promise<void> {
    if (this.isFull) return Promise.reject(new RuntimeError("disk full"));
    this.kept = value;
    return Promise.resolve();
  }
}

/** A service, and what it was asked. */
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

  constructor() {
    this.visits = this.reopened();
    this.service = new PageService({
      ...{ visits: this.visits, clock: this.clock },
      ...{ hosts: ["bans.example.org"], files: new Map() },
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

  /** Who is in after a restart. */
  reopened(): PageVisits {
    const { signal } = new AbortController();
    return new PageVisits({
      ...{ store: this.store, kept: this.store.kept.visits },
      ...{ clock: this.clock, signal },
      newCode: () => String(++this.#made).padStart(32, "c0de"),
      newSecret: () => String(++this.#made).padStart(43, "s"),
    });
  }

  /** Sends a request; an answer that goes on is another matter. */
  async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> = "",
  ): Promise<HttpAnswer> {
    const { signal } = new AbortController();
    const answer = await this.service.answer({
      ...{ method, path, peer: "local", hasQuery: path.includes("?") },
      headers: new Headers({ ...BROWSER, ...headers }),
      body: new Response(body).body,
    }, signal);
    if ("begin" in answer) throw new TypeError("Cannot hold what goes on");
    return answer;
  }

  /** Gets in, and gives the cookie. */
  async enter(login: Partial<typeof LOGIN> = {}): Promise<string> {
    const code = await this.visits.issue({ ...LOGIN, ...login });
    const answer = await this.send("POST", "/api/login", {}, codeBody(code));
    return (answer.headers["set-cookie"] ?? "").replace(/;.*/, "");
  }
}

/** What the login form sends. */
export function codeBody(code: string): string {
  return JSON.stringify({ code });
}

/** The text of an answer. */
export function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body);
}
