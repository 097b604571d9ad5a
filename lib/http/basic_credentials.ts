/**
 * A name and a password, as in `Authorization: Basic`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7617 | RFC 7617}
 * @module
 */

import { knownTokenAt } from "../base/secrets.ts";

/** The right name and password. */
export interface Credentials {
  /** Without a colon. */
  readonly username: string;
  readonly password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;
/** Longer headers are not decoded. */
const MAX_LENGTH = 1_024;

/**
 * Whether a request has the right credentials. The time that the check takes
 * reveals nothing about them.
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

/** The decoded credentials; `undefined`: they can't be right. */
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
