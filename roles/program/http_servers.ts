/**
 * Servers for HTTP, and the rights of their sockets.
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
import type { Log } from "../../lib/log/log.ts";

/** What a peer may do over one connection: it fetches a list and goes. */
const LIMITS: HttpConnectionLimits = {
  idleMs: 10_000,
  totalMs: 300_000,
  maxRequests: 32,
  maxOfStrangers: 16,
};

const IPC = "ipc://";
/** Rights of a socket for HTTP. */
const HTTP_SOCKET_MODE = 0o660;

/**
 * Serves routes over connections that are handed to it.
 *
 * @param routes The first that has a path answers.
 * @param isKnown Whether there may be something for a peer.
 * @param log Told of bugs.
 */
export function serversOf(
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

/** What an error calls the place where HTTP is answered. */
export function shownBind(url: string): string {
  return `${url}, which is httpbindurl`;
}

/** Whoever shares the group of a Unix socket may read there, as with the pid file's folder. */
export function letGroupUse(endpoint: string): void {
  if (!endpoint.startsWith(IPC)) return;
  Deno.chmodSync(endpoint.slice(IPC.length), HTTP_SOCKET_MODE);
}
