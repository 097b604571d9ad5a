/**
 * Refuses what no browser asks that an operator has opened the page in.
 *
 * A browser may be made by any site to ask this host: so a request must name
 * the page's own host (a name that was bound anew names another), what changes
 * something must come from the page itself, and nothing secret is ever in a URL.
 *
 * @see {@link https://www.w3.org/TR/fetch-metadata/ | Fetch Metadata}
 * @module
 */

import {
  type HttpAnswer,
  type HttpRequest,
  textAnswer,
} from "../http/http_request.ts";
import { headRefusal } from "../http/http_routes.ts";

/** What is asked of the page. */
export interface PageRequest extends HttpRequest {
  /** Whether a `?` follows the path. */
  readonly hasQuery: boolean;
  /** `null`: there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** Names under which a host reaches itself. */
const OWN_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const JSON_TYPE = /^application\/json(?:;\s*charset=utf-8)?$/i;

/** Whether a `Host` is this host itself, over whatever tunnel. */
export function isOwnHost(host: string): boolean {
  return OWN_HOSTS.includes(nameOf(host));
}

/**
 * Why a request is refused, whoever asks.
 *
 * @param request What is asked.
 * @param hosts Names of the page besides those of the host itself, in lower case.
 * @returns `undefined`: it is not refused.
 */
export function pageRefusal(
  request: PageRequest,
  hosts: readonly string[],
): HttpAnswer | undefined {
  const { method, headers, hasQuery } = request;
  const refused = headRefusal(headers);
  if (refused !== undefined) return refused;
  const host = headers.get("host") ?? "";
  if (!isOwnHost(host) && !hosts.includes(nameOf(host))) {
    return textAnswer(421, "the page has another name: see pagehosts");
  }
  if (hasQuery) {
    return textAnswer(400, "nothing here is asked with a ? in its URL");
  }
  if (!["GET", "HEAD", "POST"].includes(method)) {
    return textAnswer(405, "GET, HEAD and POST are all there is", {
      allow: "GET, HEAD, POST",
    });
  }
  return method === "POST" ? writeRefusal(headers, host) : readRefusal(request);
}

/** Only a document itself is asked for from elsewhere. */
function readRefusal({ headers, path }: PageRequest): HttpAnswer | undefined {
  const site = headers.get("sec-fetch-site") ?? "none";
  const isOwn = site === "none" || site === "same-origin" || path === "/";
  return isOwn ? undefined : textAnswer(403, "another site asks for this");
}

/** A form of another site can send no JSON, and a script of it is named in `Origin`. */
function writeRefusal(
  headers: Headers,
  host: string,
): HttpAnswer | undefined {
  const origin = headers.get("origin")?.toLowerCase();
  const own = host.toLowerCase();
  const isOwn = origin === `http://${own}` || origin === `https://${own}`;
  const site = headers.get("sec-fetch-site") ?? "same-origin";
  if (!isOwn || site !== "same-origin") {
    return textAnswer(403, "this comes from another site");
  }
  return JSON_TYPE.test(headers.get("content-type") ?? "")
    ? undefined
    : textAnswer(415, "only application/json is taken here");
}

/** Without its port, in lower case. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}
