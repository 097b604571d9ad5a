/**
 * What a publisher answers over HTTP.
 *
 * @module
 */

import {
  readRequest,
  responseOf,
  textAnswer,
} from "../../lib/http/http_request.ts";
import { answerRequest, type HttpRoute } from "../../lib/http/http_routes.ts";
import {
  type HttpConnectionLimits,
  HttpServers,
} from "../../lib/http/io/inner_server.ts";
import type { HttpBind } from "../../lib/http/http_bind.ts";
import { LIST_PATH, ListService } from "../../lib/exports/list_service.ts";
import type { Log } from "../../lib/log/log.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import type { PublicPorts } from "./bound_sockets.ts";
import type { RoleContext } from "./invocation.ts";

/** What a peer may do over one connection: it fetches a list and goes. */
const LIMITS: HttpConnectionLimits = {
  idleMs: 10_000,
  totalMs: 300_000,
  maxRequests: 32,
  maxOfStrangers: 16,
};

/** Lists by HTTP, where they are served. */
export class ListPort implements AsyncDisposable {
  readonly #service: ListService;
  readonly #servers: HttpServers;
  readonly #url: string;
  #publisher: Publisher | undefined;

  private constructor(
    { config: { lists }, clock, log, signal }: RoleContext<"publisher">,
    { url }: HttpBind,
  ) {
    this.#url = url;
    this.#service = new ListService({
      ...{ lists, clock, log, signal },
      source: () => this.#publisher?.view,
    });
    const service = this.#service;
    const isKnown = (peer: string) => service.hasReader(peer);
    this.#servers = serversOf([service], isKnown, log);
  }

  /**
   * Begins to listen, if it is to.
   *
   * @throws {RuntimeError} when the port can't be had.
   */
  static open(
    context: RoleContext<"publisher">,
    ports: PublicPorts,
  ): ListPort | undefined {
    const { httpBind } = context.config;
    if (httpBind === undefined) return undefined;
    const port = new ListPort(context, httpBind);
    const servers = port.#servers;
    ports.bindHttp(httpBind, (path, peer) => servers.connect(path, peer));
    return port;
  }

  /** From now on lists are those of a publisher, which has its table. */
  show(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  /** Where lists are, for operators. */
  get places(): readonly string[] {
    const { names } = this.#service;
    const gap = this.#url.startsWith("unix:") ? " " : "";
    return names.map((name) => `${this.#url}${gap}${LIST_PATH}${name}`);
  }

  /** Ends what is being answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]();
    this.#service.flush();
  }

  /** What was answered so far, for `status`. */
  get figures(): StatusFigures {
    const { names, made, counters } = this.#service;
    return {
      http: this.#url,
      ...prefixedFigures("lists", {
        served: names.join(" "),
        made,
        ...counters,
      }),
    };
  }
}

function serversOf(
  routes: readonly HttpRoute[],
  isKnown: (peer: string) => boolean,
  log: Log,
): HttpServers {
  return new HttpServers({
    ...{ limits: LIMITS, isKnown },
    answer: async (given, peer) => {
      const request = readRequest(given, peer);
      try {
        return responseOf(request, await answerRequest(routes, request));
      } catch (error) {
        const reason = error instanceof Error ? error.stack : String(error);
        log.record("error", "a bug in answering HTTP", { reason });
        return responseOf(request, textAnswer(500, "this is a bug"));
      }
    },
  });
}
