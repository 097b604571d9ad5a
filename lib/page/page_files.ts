/**
 * Serves the page's own files.
 *
 * @module
 */

import type { HttpAnswer } from "../http/http_request.ts";
import { acceptsGzip } from "../http/http_copy.ts";

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same content compressed with gzip. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

/** The page may load scripts, styles and images from its own host only. */
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

/** Headers of every answer of the page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** One year. */
const FOR_EVER = "private, max-age=31536000, immutable";

/**
 * Makes the answer for a file.
 *
 * @param path `/` is revalidated each time; all other paths change with their
 * content.
 * @param accepted The value of `Accept-Encoding`.
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
