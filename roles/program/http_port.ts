/**
 * The publisher's HTTP service.
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

/** Maximum number of distinct lists and status codes that are counted. */
const MAX_LIST_ANSWERS = 1_000;
/** Serves lists, metrics and health over HTTP, if configured. */
export class PublisherHttp implements AsyncDisposable {
  /** Number of answers, by list and status code. */
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
   * Starts to listen, if configured.
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

  /** Serves the lists of a publisher's table from now on. */
  show(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  /** The URLs of the lists, for operators. */
  get places(): readonly string[] {
    const { names } = this.#service;
    const gap = this.#url.startsWith("unix:") ? " " : "";
    return names.map((name) => `${this.#url}${gap}${LIST_PATH}${name}`);
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]();
    this.#service.flush();
  }

  /** Totals for `status`. */
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
