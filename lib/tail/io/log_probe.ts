/**
 * Finds out whether a log can be followed, before it is.
 *
 * @module
 */

import { oddKind } from "../../base/aside.ts";

/**
 * Looks at a log.
 *
 * @param path Absolute path.
 * @returns What keeps it from being followed, in half a sentence; `undefined`:
 * nothing.
 */
export async function findLogTrouble(
  path: string,
): Promise<string | undefined> {
  try {
    const odd = oddKind(await Deno.stat(path));
    if (odd !== undefined) return odd;
    (await Deno.open(path)).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no such file";
    if (error instanceof Deno.errors.PermissionDenied) {
      return "this user may not read it";
    }
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}
