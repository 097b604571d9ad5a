/**
 * Answers what other programs of this host ask: `/metrics`, `/healthz` and
 * `/readyz`.
 *
 * @module
 */

import {
  type HttpAnswer,
  type HttpRequest,
  isLocalPeer,
  textAnswer,
} from "../http/http_request.ts";
import type { HttpRoute } from "../http/http_routes.ts";
import type { Fault } from "./health.ts";

/** Options for {@link MetricsRoute}. */
export interface MetricsRouteOptions {
  /** Renders the metrics of now. */
  readonly render: () => Promise<string>;
  /** The media type of that. */
  readonly contentType: string;
  /** What is wrong. */
  readonly faults: () => readonly Fault[];
  /** Why it does not work yet; `undefined`: it does. */
  readonly startingWith: () => string | undefined;
}

const PATHS = ["/metrics", "/healthz", "/readyz"] as const;
type MetricsPath = typeof PATHS[number];

const ENCODER = new TextEncoder();

/** Serves this host: for others there is nothing here. */
export class MetricsRoute implements HttpRoute {
  readonly #options: MetricsRouteOptions;

  /** @param options See {@link MetricsRouteOptions}. */
  constructor(options: MetricsRouteOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return isMetricsPath(path);
  }

  async answer({ path, peer }: HttpRequest): Promise<HttpAnswer> {
    if (!isLocalPeer(peer) || !isMetricsPath(path)) {
      return textAnswer(404, "there is nothing here");
    }
    switch (path) {
      case "/metrics":
        return await this.#metrics();
      case "/healthz":
        return this.#health();
      case "/readyz":
        return this.#readiness();
    }
  }

  async #metrics(): Promise<HttpAnswer> {
    const { render, contentType } = this.#options;
    const headers = {
      "content-type": contentType,
      "cache-control": "no-store",
    };
    return { status: 200, headers, body: ENCODER.encode(await render()) };
  }

  #health(): HttpAnswer {
    const faults = this.#options.faults();
    return faults.length === 0 ? textAnswer(200, "ok") : textAnswer(
      503,
      faults.map(({ name, words }) => `${name}: ${words}`).join("\n"),
    );
  }

  #readiness(): HttpAnswer {
    const missing = this.#options.startingWith();
    return missing === undefined
      ? textAnswer(200, "ok")
      : textAnswer(503, missing);
  }
}

function isMetricsPath(path: string): path is MetricsPath {
  return PATHS.some((each) => each === path);
}
