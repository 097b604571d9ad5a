/**
 * Refuses invalid requests, and finds the route for all others.
 *
 * @module
 */

import {
  type HttpAnswer,
  type HttpRequest,
  textAnswer,
} from "./http_request.ts";

/** Answers requests for certain paths. */
export interface HttpRoute {
  /** Whether it answers a path. */
  has(path: string): boolean;
  /** Answers a `GET` or `HEAD`. */
  answer(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>;
}

/** Maximum total length of header names and values, in bytes. */
const MAX_HEADER_BYTES = 8_192;
/** A name, an IPv4 address or an IPv6 address, with or without a port. */
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const METHODS = "GET, HEAD";

/**
 * Answers a request.
 *
 * @param routes The first route that has the path answers.
 */
export async function answerRequest(
  routes: readonly HttpRoute[],
  request: HttpRequest,
): Promise<HttpAnswer> {
  const refused = refusal(request);
  if (refused !== undefined) return refused;
  const route = routes.find((each) => each.has(request.path));
  if (route === undefined) return textAnswer(404, "there is nothing here");
  if (!["GET", "HEAD"].includes(request.method)) {
    return textAnswer(405, `it can be read only: ${METHODS}`, {
      allow: METHODS,
    });
  }
  return await route.answer(request);
}

/** The refusal of a request because of its headers, whatever its target. */
export function headRefusal(headers: Headers): HttpAnswer | undefined {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  if (bytes > MAX_HEADER_BYTES) {
    return textAnswer(431, "the request's headers are too long");
  }
  const host = headers.get("host");
  // Only HTTP/1.0 requests have none; the runtime joins several to a list.
  return host !== null && !HOST.test(host)
    ? textAnswer(400, "the request's Host is none")
    : undefined;
}

function refusal({ headers }: HttpRequest): HttpAnswer | undefined {
  const refused = headRefusal(headers);
  if (refused !== undefined) return refused;
  const length = headers.get("content-length");
  const hasBody = headers.has("transfer-encoding") ||
    length !== null && !/^0+$/.test(length);
  return hasBody ? textAnswer(413, "a request has no body here") : undefined;
}
