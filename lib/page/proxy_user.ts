/**
 * Reads the user that a proxy names in the header `Remote-User`.
 *
 * Any client can send this header. It is believed only over a Unix socket, to
 * which only the proxy should have access, only under one of the proxy's host
 * names (a client through `ssh -L` says `localhost`), and only for users in the
 * configuration. In all other cases it is ignored.
 *
 * @module
 */

import { type HttpRequest, UNIX_PEER } from "../http/http_request.ts";
import type { PageUser } from "../members/page_user.ts";
import type { PageVisit } from "../members/page_visit.ts";
import { isOwnHost } from "./page_guard.ts";

/** A login that lasts as long as the proxy vouches for it. */
export interface ProxyVisit extends PageVisit {
  readonly isByProxy: true;
}

/**
 * Lifetime of a proxy's login, in milliseconds: a stream then reconnects, and
 * the proxy checks again.
 */
export const PROXY_VISIT_MS = 3_600_000;

/**
 * Reads the login that a proxy vouches for.
 *
 * @param request A request whose `Host` was checked: this host itself, or a
 * name of the page.
 * @param users The users that a proxy may name; when empty, no proxy is
 * trusted.
 * @param nowMs Milliseconds since 1970.
 * @returns `undefined`: no proxy names a user. `stranger`: a proxy names one
 * that may not use the page.
 */
export function proxyVisit(
  { peer, headers }: Pick<HttpRequest, "peer" | "headers">,
  users: readonly PageUser[],
  nowMs: number,
): ProxyVisit | "stranger" | undefined {
  if (users.length === 0 || peer !== UNIX_PEER) return undefined;
  if (isOwnHost(headers.get("host") ?? "")) return undefined;
  const said = headers.get("remote-user");
  // A proxy that authenticated nobody sends an empty header, or none.
  if (said === null || said === "") return undefined;
  // A header sent twice arrives as one text with a comma, which matches no
  // user.
  const user = users.find(({ name }) => name === said);
  if (user === undefined) return "stranger";
  return {
    ...{ by: user.name, isReadOnly: user.isReadOnly },
    ...{ beganMs: nowMs, endsMs: nowMs + PROXY_VISIT_MS, isByProxy: true },
  };
}

/** Whether a login comes from a proxy. */
export function isByProxy(visit: PageVisit): visit is ProxyVisit {
  return "isByProxy" in visit;
}
