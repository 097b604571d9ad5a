/**
 * The page's own files, as a browser fetches them.
 *
 * @module
 */

import type { HttpAnswer } from "../http/http_request.ts";
import { acceptsGzip } from "../http/http_copy.ts";

/** A file. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the same, as gzip. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

/** What a browser may do with the page: run and show what comes from its own host, no more. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Headers of everything that the page answers. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A year. */
const FOR_EVER = "private, max-age=31536000, immutable";

/**
 * A file as an answer.
 *
 * @param path `/` is asked for anew each time; the paths of all others change with what is in them.
 * @param accepted `Accept-Encoding`.
 */
export function fileAnswer(
  { type, bytes, gzip }: PageFile,
  path: string,
  accepted: string | null,
): HttpAnswer {
  const isGzip = acceptsGzip(accepted);
  return {
    status: 200,
    headers: {
      "content-type": type,
      "cache-control": path === "/" ? "no-cache" : FOR_EVER,
      "vary": "Accept-Encoding",
      ...(isGzip ? { "content-encoding": "gzip" } : {}),
    },
    body: isGzip ? gzip : bytes,
  };
}
