/**
 * The operator's page on the publisher's port.
 *
 * @module
 */

import { newSessionId } from "../../lib/base/io/session_id.ts";
import {
  type HttpRequest,
  readRequest,
  responseOf,
  textAnswer,
} from "../../lib/http/http_request.ts";
import type { HttpBind } from "../../lib/http/http_bind.ts";
import {
  type HttpConnectionLimits,
  HttpServers,
} from "../../lib/http/io/inner_server.ts";
import type { Log } from "../../lib/log/log.ts";
import { newToken } from "../../lib/members/io/curve_keys.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import type { MemberList } from "../../lib/members/member.ts";
import type { EditedValue } from "../../lib/members/stored_value.ts";
import { readPageFiles } from "./page_files.ts";
import { MAX_LIVE, PageService } from "../../lib/page/page_service.ts";
import type { PageAnswer } from "../../lib/page/page_service.ts";
import { PageVisits } from "../../lib/page/page_visits.ts";
import { VISITS_FORM } from "../../lib/page/visit_form.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import type { PublicPorts } from "./bound_sockets.ts";
import type { RoleContext } from "./invocation.ts";
import { allowedOnPage } from "./page_allowlist.ts";

/** Limits of one connection: a browser follows for an hour, then reconnects. */
const LIMITS: HttpConnectionLimits = {
  idleMs: 30_000,
  totalMs: 3_600_000,
  maxRequests: 10_000,
  maxOfStrangers: 0,
};

/** Serves the page, if configured. */
export class PagePort implements AsyncDisposable {
  /** The logins. */
  readonly visits: PageVisits;
  /** The configured URL. */
  readonly url: string;
  readonly #service: PageService;
  readonly #servers: HttpServers;
  #publisher: Publisher | undefined;

  private constructor(
    { config, clock, log }: RoleContext<"publisher">,
    { url }: HttpBind,
    visits: PageVisits,
    files: PageFiles,
    members: EditedValue<MemberList>,
  ) {
    this.url = url;
    this.visits = visits;
    this.#service = new PageService({
      ...{ visits, clock, files, hosts: config.pageHosts },
      users: config.pageUsers,
      ask: () => {
        const publisher = this.#publisher;
        return publisher && ((...asked) => publisher.answer(...asked));
      },
      allow: allowedOnPage(members, clock),
      record: async (...deed) => await this.#publisher?.record(...deed),
    });
    const service = this.#service;
    this.#servers = new HttpServers({
      ...{ limits: LIMITS, isKnown: () => true },
      answer: (given, peer) => answerBrowser(service, given, peer, log),
    });
  }

  /**
   * Starts to listen.
   *
   * @param bind Where to listen.
   * @param members The member list, which has the allowlist.
   * @throws {RuntimeError} when the port can't be bound or the logins can't be
   * read.
   */
  static async open(
    context: RoleContext<"publisher">,
    ports: PublicPorts,
    bind: HttpBind,
    members: EditedValue<MemberList>,
  ): Promise<PagePort> {
    const { config: { general }, clock, signal } = context;
    const store = new SecretFile(`${general.stateDir}/page.json`, VISITS_FORM, {
      mend: (aside) => `everybody has to log in again; run: ${aside}`,
    });
    const visits = new PageVisits({
      ...{ store, clock, signal, newCode: newSessionId, newSecret: newToken },
      kept: (await store.read())?.visits ?? [],
    });
    const files = await readPageFiles();
    const port = new PagePort(context, bind, visits, files, members);
    const servers = port.#servers;
    ports.bindHttp(
      "pagePort",
      bind,
      (path, peer) => servers.connect(path, peer),
    );
    return port;
  }

  /** Shows a publisher's data from now on. */
  show(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    const { live } = this.#service;
    return {
      page: this.url,
      ...prefixedFigures("page", {
        logins: this.visits.all.length,
        ...{ live, maxLive: MAX_LIVE },
      }),
    };
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]();
  }
}

type PageFiles = Awaited<ReturnType<typeof readPageFiles>>;

async function answerBrowser(
  service: PageService,
  given: Request,
  peer: string,
  log: Log,
): Promise<Response> {
  const request = {
    ...readRequest(given, peer),
    hasQuery: given.url.includes("?"),
    body: given.body,
  };
  try {
    const answer = await service.answer(request, given.signal);
    return pageResponse(request, answer);
  } catch (error) {
    if (given.signal.aborted && error === given.signal.reason) {
      return new Response(null, { status: 499 });
    }
    const reason = error instanceof Error ? error.stack : String(error);
    log.record("error", "a bug in answering for the page", { reason });
    return responseOf(request, textAnswer(500, "this is a bug"));
  }
}

function pageResponse(request: HttpRequest, answer: PageAnswer): Response {
  if (!("begin" in answer)) return responseOf(request, answer);
  const { headers, begin } = answer;
  const gone = new AbortController();
  const texts = begin(gone.signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await texts.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      gone.abort();
      await texts.return?.();
    },
  });
  return new Response(stream, { headers: { ...headers } });
}
