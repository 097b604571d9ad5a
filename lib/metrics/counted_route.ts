/**
 * Counts the answers of a route.
 *
 * @module
 */

import type { HttpAnswer, HttpRequest } from "../http/http_request.ts";
import type { HttpRoute } from "../http/http_routes.ts";
import type { LabelledCounts } from "./labelled_counts.ts";

/**
 * A route whose answers are counted by the end of their path and their status.
 */
export class CountedRoute implements HttpRoute {
  readonly #route: HttpRoute;
  readonly #counts: LabelledCounts<"list" | "code">;

  /**
   * @param route The route; only its own paths are counted.
   * @param counts Receives the counts.
   */
  constructor(route: HttpRoute, counts: LabelledCounts<"list" | "code">) {
    this.#route = route;
    this.#counts = counts;
  }

  has(path: string): boolean {
    return this.#route.has(path);
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#route.answer(request);
    const list = request.path.slice(request.path.lastIndexOf("/") + 1);
    this.#counts.note([list, String(answer.status)]);
    return answer;
  }
}
