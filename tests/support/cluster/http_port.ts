/**
 * A publisher's HTTP port without a publisher.
 *
 * @module
 */

import { EventLoopTurn } from "../../../lib/async/io/event_loop_turn.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { Front } from "../../../lib/front/front.ts";
import { HTTP_LIMITS } from "../../../lib/front/front_limits.ts";
import { PublicListener } from "../../../lib/front/io/public_listener.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  readRequest,
  responseOf,
} from "../../../lib/http/http_request.ts";
import { answerRequest } from "../../../lib/http/http_routes.ts";
import {
  type HttpConnectionLimits,
  HttpServers,
} from "../../../lib/http/io/inner_server.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** A test's HTTP port. */
export interface HttpPort extends AsyncDisposable {
  readonly front: Front;
  readonly log: MemoryLog;
}

/** Options for {@link serveHttp}. */
export interface HttpPortOptions {
  readonly answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
  readonly limits?: Partial<HttpConnectionLimits>;
  /** Whether a peer may have access to anything. @default {every peer} */
  readonly isKnown?: (peer: string) => boolean;
  /** Time that a peer may read nothing. */
  readonly stallMs?: number;
}

/**
 * Serves any path.
 *
 * @param endpoint The endpoint, as in `endpoint_url.ts`.
 * @param dir The folder of the sockets.
 */
export function serveHttp(
  endpoint: string,
  dir: string,
  { answer, limits, isKnown = () => true, stallMs = 10_000 }: HttpPortOptions,
): HttpPort {
  const servers = new HttpServers({
    isKnown,
    limits: {
      ...{ idleMs: 10_000, totalMs: 60_000, maxRequests: 32 },
      ...{ maxOfStrangers: 16, ...limits },
    },
    answer: async (given, peer) => {
      const request = readRequest(given, peer);
      const route = { has: () => true, answer };
      return responseOf(request, await answerRequest([route], request));
    },
  });
  const stop = new AbortController();
  const log = new MemoryLog();
  const front = new Front({
    listener: new PublicListener(endpoint),
    inner: { kind: "open", path: `${dir}/inner` },
    limits: { ...HTTP_LIMITS, stallMs },
    clock: new SystemClock(),
    turn: new EventLoopTurn(),
    log,
    connect: (path, peer) => servers.connect(path, peer),
  });
  const running = front.run(stop.signal).catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    front,
    log,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await servers[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
    },
  };
}
