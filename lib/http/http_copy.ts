/**
 * Which copy a client has, and which form it accepts: `If-None-Match` and
 * `Accept-Encoding`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 | RFC 9110, If-None-Match}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 | RFC 9110, Accept-Encoding}
 * @module
 */

/**
 * `W/` is ignored: the question is only whether the client's copy can still be
 * used.
 */
const TAG = /(?:W\/)?"([!#-~\x80-\xff]*)"/g;

/**
 * Whether one of a client's tags is a tag of the latest copy.
 *
 * @param header `If-None-Match`; `null`: none was sent.
 * @param tags Without quotes.
 *
 * @example
 * ```ts
 * import { hasCopy } from "./http_copy.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(hasCopy('"a", W/"b"', ["b"]), true);
 * strictEqual(hasCopy('"a"', ["b"]), false);
 * strictEqual(hasCopy("*", ["b"]), true);
 * ```
 */
export function hasCopy(
  header: string | null,
  tags: readonly string[],
): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  return [...header.matchAll(TAG)].some(([, tag = ""]) => tags.includes(tag));
}

/**
 * Whether a client accepts gzip.
 *
 * @param header `Accept-Encoding`; `null`: none was sent.
 *
 * @example
 * ```ts
 * import { acceptsGzip } from "./http_copy.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(acceptsGzip("deflate, gzip;q=0.5"), true);
 * strictEqual(acceptsGzip("gzip;q=0, identity"), false);
 * strictEqual(acceptsGzip("identity"), false);
 * ```
 */
export function acceptsGzip(header: string | null): boolean {
  const weights = new Map<string, number>();
  for (const item of header?.toLowerCase().split(",") ?? []) {
    const [coding = "", ...parameters] = item.split(";").map((it) => it.trim());
    const [, weight = "1"] = parameters
      .map((it) => /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(it))
      .find((found) => found !== null) ?? [];
    weights.set(coding, Number(weight));
  }
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ??
    weights.get("*") ?? 0;
  return gzip > 0 && gzip >= (weights.get("identity") ?? 0);
}
