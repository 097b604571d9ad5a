/**
 * Refuses requests that do not come from the page itself.
 *
 * Any site can make a browser send requests to this host. So a request must
 * name the page's own host (after DNS rebinding it names another), a request
 * that changes something must come from the page itself, and no URL contains a
 * secret.
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

/** A request to the page. */
export interface PageRequest extends HttpRequest {
  /** Whether a `?` follows the path. */
  readonly hasQuery: boolean;
  /** `null` when there is no body. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** Names by which a host reaches itself. */
const OWN_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const JSON_TYPE = /^application\/json(?:;\s*charset=utf-8)?$/i;

/**
 * Whether a `Host` header names this host itself, as it does through a tunnel.
 */
export function isOwnHost(host: string): boolean {
  return OWN_HOSTS.includes(nameOf(host));
}

/**
 * Checks a request, whoever sends it.
 *
 * @param request The request.
 * @param hosts Further names of the page, in lower case.
 * @returns The refusal, or `undefined` when the request is allowed.
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

/** Another site may link to the document itself, but not load anything else. */
function readRefusal({ headers, path }: PageRequest): HttpAnswer | undefined {
  const site = headers.get("sec-fetch-site") ?? "none";
  const isOwn = site === "none" || site === "same-origin" || path === "/";
  return isOwn ? undefined : textAnswer(403, "another site asks for this");
}

/** Another site's form can't send JSON, and its script is named in `Origin`. */
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

/** The host without its port, in lower case. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}
