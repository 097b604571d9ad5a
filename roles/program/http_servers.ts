/**
 * HTTP servers, and the permissions of their sockets.
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

/** Limits of one connection: a peer fetches a list and leaves. */
const LIMITS: HttpConnectionLimits = {
  idleMs: 10_000,
  totalMs: 300_000,
  maxRequests: 32,
  maxOfStrangers: 16,
};

const IPC = "ipc://";
/** Permissions of a Unix socket for HTTP. */
const HTTP_SOCKET_MODE = 0o660;

/**
 * Serves routes over connections that the caller hands over.
 *
 * @param routes The first route that has the path answers.
 * @param isKnown Whether a peer may have access to anything.
 * @param log Receives bugs.
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

/** The name of an HTTP port in error messages. */
export function shownBind(
  url: string,
  key: "httpbindurl" | "pagebindurl" = "httpbindurl",
): string {
  return `${url}, which is ${key}`;
}

/**
 * Lets the group of a Unix socket connect, like the group of the pid file's
 * folder.
 */
export function letGroupUse(endpoint: string): void {
  if (!endpoint.startsWith(IPC)) return;
  Deno.chmodSync(endpoint.slice(IPC.length), HTTP_SOCKET_MODE);
}
