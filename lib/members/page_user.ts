/**
 * Users of the operator's page who need no code, because a proxy has
 * authenticated them.
 *
 * ```abnf
 * page-user = name [":read"]
 * name      = (ALPHA / DIGIT) *63(ALPHA / DIGIT / "." / "_" / "@" / "+" / "-")
 * ```
 *
 * @module
 */

/** A user in the configuration. */
export interface PageUser {
  /** The name that the proxy sends. */
  readonly name: string;
  /** Whether the user may change nothing. */
  readonly isReadOnly: boolean;
}

/** Maximum number of users. */
export const MAX_PAGE_USERS = 100;
const USER = /^([A-Za-z0-9][A-Za-z0-9._@+-]{0,63})(:read)?$/;

/**
 * Reads the users of the page, separated by spaces or commas.
 *
 * @returns `undefined`: one of them is malformed or repeated, or there are too
 * many.
 *
 * @example
 * ```ts
 * import { parsePageUsers } from "./page_user.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(parsePageUsers("alice, bob:read"), [
 *   { name: "alice", isReadOnly: false },
 *   { name: "bob", isReadOnly: true },
 * ]);
 * deepStrictEqual(parsePageUsers("alice:write"), undefined);
 * ```
 */
export function parsePageUsers(text: string): readonly PageUser[] | undefined {
  const words = text.split(/[\s,]+/).filter((it) => it !== "");
  const users = words.flatMap((word): readonly PageUser[] => {
    const [, name, rights] = USER.exec(word) ?? [];
    return name === undefined ? [] : [{ name, isReadOnly: !!rights }];
  });
  const names = new Set(users.map(({ name }) => name));
  const areGood = names.size === words.length && words.length <= MAX_PAGE_USERS;
  return areGood ? users : undefined;
}
