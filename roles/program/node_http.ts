/**
 * The HTTP service of a node's program, for its own host only.
 *
 * @module
 */

import { EventLoopTurn } from "../../lib/async/io/event_loop_turn.ts";
import { Front } from "../../lib/front/front.ts";
import { HTTP_LIMITS } from "../../lib/front/front_limits.ts";
import { InnerFolder } from "../../lib/front/io/inner_folder.ts";
import { PublicListener } from "../../lib/front/io/public_listener.ts";
import type { HttpBind } from "../../lib/http/http_bind.ts";
import type { HttpRoute } from "../../lib/http/http_routes.ts";
import type { HttpServers } from "../../lib/http/io/inner_server.ts";
import { letGroupUse, serversOf, shownBind } from "./http_servers.ts";
import type { RoleContext } from "./invocation.ts";

/** Serves until it is disposed of. */
export class NodeHttp implements AsyncDisposable {
  readonly #folder: InnerFolder;
  readonly #servers: HttpServers;
  readonly #front: Front;

  private constructor(
    { endpoint, url }: HttpBind,
    route: HttpRoute,
    { clock, log }: Pick<
      RoleContext<"monitor" | "subscriber">,
      "clock" | "log"
    >,
  ) {
    // First, so that nothing else is created if the port can't be bound.
    const listener = new PublicListener(endpoint, shownBind(url));
    this.#folder = new InnerFolder();
    const servers = serversOf([route], () => true, log);
    this.#servers = servers;
    this.#front = new Front({
      listener,
      inner: { kind: "open", path: this.#folder.pathOf("http") },
      limits: HTTP_LIMITS,
      ...{ clock, log },
      connect: (path, peer) => servers.connect(path, peer),
      turn: new EventLoopTurn(),
    });
    letGroupUse(endpoint);
  }

  /**
   * Starts to listen, if configured.
   *
   * @throws {RuntimeError} when the port can't be had.
   */
  static open(
    context: RoleContext<"monitor" | "subscriber">,
    route: HttpRoute | undefined,
  ): NodeHttp | undefined {
    const { httpBind } = context.config;
    return httpBind === undefined || route === undefined
      ? undefined
      : new NodeHttp(httpBind, route, context);
  }

  /** Serves until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#front.run(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers[Symbol.asyncDispose]();
    await this.#front[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
