/**
 * Who may use the operator's page without a code, because a proxy has asked
 * them who they are.
 *
 * ```abnf
 * page-user = name [":read"]
 * name      = (ALPHA / DIGIT) *63(ALPHA / DIGIT / "." / "_" / "@" / "+" / "-")
 * ```
 *
 * @module
 */

/** A user as the configuration names it. */
export interface PageUser {
  /** As the proxy says it. */
  readonly name: string;
  /** Whether nothing may be changed. */
  readonly isReadOnly: boolean;
}

/** Most users that are named. */
export const MAX_PAGE_USERS = 100;
const USER = /^([A-Za-z0-9][A-Za-z0-9._@+-]{0,63})(:read)?$/;

/**
 * Reads the users of the page: between spaces or commas.
 *
 * @returns `undefined`: one of them is none, or is named twice, or they are too many.
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
