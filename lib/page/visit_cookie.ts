/**
 * The cookie that identifies a browser's login.
 *
 * Scripts can't read it, other sites can't make a browser send it, and it names
 * no user.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265 | RFC 6265, cookies}
 * @module
 */

import type { PageVisit } from "../members/page_visit.ts";

const NAME = "f2bc_page";
const RULES = "Path=/; HttpOnly; SameSite=Strict";
const SHOWN = /(?:^|;\s*)f2bc_page=([A-Za-z0-9_-]{1,64})(?:;|$)/;

/**
 * Formats the value of `Set-Cookie`.
 *
 * @param secret The login's secret, in base64url.
 * @param isSecure Whether browsers send it over HTTPS only, as behind a proxy
 * with HTTPS.
 */
export function visitCookie(
  secret: string,
  { beganMs, endsMs }: PageVisit,
  isSecure: boolean,
): string {
  const seconds = Math.ceil((endsMs - beganMs) / 1_000);
  const secure = isSecure ? "; Secure" : "";
  return `${NAME}=${secret}; Max-Age=${seconds}; ${RULES}${secure}`;
}

/** The value of `Set-Cookie` that deletes the cookie. */
export function clearedCookie(): string {
  return `${NAME}=; Max-Age=0; ${RULES}`;
}

/**
 * Reads the secret that a browser sent.
 *
 * @param header The value of `Cookie`; `null` when there is none.
 *
 * @example
 * ```ts
 * import { shownSecret } from "./visit_cookie.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(shownSecret("a=1; f2bc_page=Zm9v"), "Zm9v");
 * strictEqual(shownSecret("xf2bc_page=Zm9v"), undefined);
 * ```
 */
export function shownSecret(header: string | null): string | undefined {
  return SHOWN.exec(header ?? "")?.[1];
}
