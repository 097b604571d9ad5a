/**
 * The cookie by which a browser is known.
 *
 * No script can read it, no other site can have it sent, and it names no user.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265 | RFC 6265, cookies}
 * @module
 */

import type { PageVisit } from "../members/page_visit.ts";

const NAME = "f2bc_page";
const RULES = "Path=/; HttpOnly; SameSite=Strict";
const SHOWN = /(?:^|;\s*)f2bc_page=([A-Za-z0-9_-]{1,64})(?:;|$)/;

/**
 * The value of `Set-Cookie`.
 *
 * @param secret Base64url.
 * @param isSecure Whether it is for HTTPS only: behind a proxy that has it.
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

/** The value of `Set-Cookie` with which a browser forgets it. */
export function clearedCookie(): string {
  return `${NAME}=; Max-Age=0; ${RULES}`;
}

/**
 * What a browser shows.
 *
 * @param header `Cookie`; `null`: none was sent.
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
