/**
 * Answers `/metrics`, `/healthz` and `/readyz` for programs of this host.
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
  /** Renders the current metrics. */
  readonly render: () => Promise<string>;
  /** The media type of the rendered metrics. */
  readonly contentType: string;
  /** The current faults. */
  readonly faults: () => readonly Fault[];
  /** Why the program is not ready yet; `undefined`: it is. */
  readonly startingWith: () => string | undefined;
}

const PATHS = ["/metrics", "/healthz", "/readyz"] as const;
type MetricsPath = typeof PATHS[number];

const ENCODER = new TextEncoder();

/** Serves this host only: for others the paths do not exist. */
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
