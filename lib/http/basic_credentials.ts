/**
 * A name and a password, as `Authorization: Basic` has them.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7617 | RFC 7617}
 * @module
 */

import { knownTokenAt } from "../base/secrets.ts";

/** Whom something is for. */
export interface Credentials {
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;
/** Above it nothing is decoded. */
const MAX_LENGTH = 1_024;

/**
 * Whether somebody has shown credentials. The time that it takes tells nothing
 * about them.
 *
 * @param header `Authorization`; `null`: none was sent.
 * @param credentials The right ones.
 */
export function hasShown(
  header: string | null,
  { username, password }: Credentials,
): boolean {
  const shown = decoded(header ?? "");
  return shown !== undefined &&
    knownTokenAt(shown, [`${username}:${password}`]) !== undefined;
}

/** What was encoded; `undefined`: nothing that could be right. */
function decoded(header: string): string | undefined {
  const [, text = ""] = BASIC.exec(header) ?? [];
  if (text === "" || header.length > MAX_LENGTH) return undefined;
  try {
    const bytes = Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const isNoText = error instanceof DOMException ||
      error instanceof TypeError;
    if (isNoText) return undefined;
    throw error;
  }
}
