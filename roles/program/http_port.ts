/**
 * What a publisher answers over HTTP.
 *
 * @module
 */

import { isLocalPeer } from "../../lib/http/http_request.ts";
import type { HttpRoute } from "../../lib/http/http_routes.ts";
import type { HttpServers } from "../../lib/http/io/inner_server.ts";
import type { HttpBind } from "../../lib/http/http_bind.ts";
import { CountedRoute } from "../../lib/metrics/counted_route.ts";
import { LabelledCounts } from "../../lib/metrics/labelled_counts.ts";
import { LIST_PATH, ListService } from "../../lib/exports/list_service.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import type { PublicPorts } from "./bound_sockets.ts";
import { serversOf } from "./http_servers.ts";
import type { RoleContext } from "./invocation.ts";

/** Lists and kinds of answers that are told apart. */
const MAX_LIST_ANSWERS = 1_000;
/** Lists, metrics and health by HTTP, where they are served. */
export class PublisherHttp implements AsyncDisposable {
  /** Answers to requests for lists. */
  readonly listAnswers: LabelledCounts<"list" | "code"> = new LabelledCounts(
    ["list", "code"],
    MAX_LIST_ANSWERS,
  );
  readonly #service: ListService;
  readonly #servers: HttpServers;
  readonly #url: string;
  #publisher: Publisher | undefined;

  private constructor(
    { config: { lists }, clock, log, signal }: RoleContext<"publisher">,
    { url }: HttpBind,
    metrics: HttpRoute,
  ) {
    this.#url = url;
    this.#service = new ListService({
      ...{ lists, clock, log, signal },
      source: () => this.#publisher?.view,
    });
    const service = this.#service;
    const isKnown = (peer: string) =>
      isLocalPeer(peer) || service.hasReader(peer);
    const counted = new CountedRoute(service, this.listAnswers);
    this.#servers = serversOf([counted, metrics], isKnown, log);
  }

  /**
   * Begins to listen, if it is to.
   *
   * @throws {RuntimeError} when the port can't be had.
   */
  static open(
    context: RoleContext<"publisher">,
    ports: PublicPorts,
    metrics: HttpRoute | undefined,
  ): PublisherHttp | undefined {
    const { httpBind } = context.config;
    if (httpBind === undefined || metrics === undefined) return undefined;
    const port = new PublisherHttp(context, httpBind, metrics);
    const servers = port.#servers;
    ports.bindHttp(
      "httpPort",
      httpBind,
      (path, peer) => servers.connect(path, peer),
    );
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
