/**
 * Checks whether a log can be followed.
 *
 * @module
 */

import { oddKind } from "../../base/aside.ts";

/**
 * Checks a log.
 *
 * @param path Absolute path.
 * @returns What keeps it from being followed, as half a sentence; `undefined`:
 *   nothing.
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
