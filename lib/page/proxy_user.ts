/**
 * Whom a proxy says a request is of, by its header `Remote-User`.
 *
 * Anybody can send such a header. It is believed only over a Unix socket, which
 * nobody but the proxy is to have the right to connect to, only under a name of the
 * proxy's (who comes through `ssh -L` says `localhost`), and only of users that the
 * configuration names. Everywhere else it is as if it were not there.
 *
 * @module
 */

import { type HttpRequest, UNIX_PEER } from "../http/http_request.ts";
import type { PageUser } from "../members/page_user.ts";
import type { PageVisit } from "../members/page_visit.ts";
import { isOwnHost } from "./page_guard.ts";

/** Somebody who is in as long as the proxy says so. */
export interface ProxyVisit extends PageVisit {
  readonly isByProxy: true;
}

/** How long a request counts, in milliseconds: a stream begins anew by then, and the proxy is asked. */
export const PROXY_VISIT_MS = 3_600_000;

/**
 * Who a request is of by the word of a proxy.
 *
 * @param request One whose `Host` was judged: it is this host, or a name of the page.
 * @param users Who may use the page so; none: no proxy is believed.
 * @param nowMs Milliseconds since 1970.
 * @returns `undefined`: no proxy says who it is. `stranger`: one names somebody who may not use the page.
 */
export function proxyVisit(
  { peer, headers }: Pick<HttpRequest, "peer" | "headers">,
  users: readonly PageUser[],
  nowMs: number,
): ProxyVisit | "stranger" | undefined {
  if (users.length === 0 || peer !== UNIX_PEER) return undefined;
  if (isOwnHost(headers.get("host") ?? "")) return undefined;
  const said = headers.get("remote-user");
  // A proxy that has asked nobody passes it on empty, or not at all.
  if (said === null || said === "") return undefined;
  // Said twice it is one text with a comma, and no user's name.
  const user = users.find(({ name }) => name === said);
  if (user === undefined) return "stranger";
  return {
    ...{ by: user.name, isReadOnly: user.isReadOnly },
    ...{ beganMs: nowMs, endsMs: nowMs + PROXY_VISIT_MS, isByProxy: true },
  };
}

/** Whether somebody is in by the word of a proxy. */
export function isByProxy(visit: PageVisit): visit is ProxyVisit {
  return "isByProxy" in visit;
}
