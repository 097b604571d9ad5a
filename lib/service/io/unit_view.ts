/**
 * Asks systemd where a service may write.
 *
 * @module
 */

import { UNIT_PATH_PROPERTIES, unitFolders } from "../unit_paths.ts";

/**
 * Finds out where a service may write.
 *
 * @param service The unit's name without its kind.
 * @returns `undefined` where no such service is known, or nobody can be asked.
 */
export async function findUnitFolders(
  service: string,
): Promise<readonly string[] | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("systemctl", {
      args: [
        "show",
        `${service}.service`,
        `--property=${UNIT_PATH_PROPERTIES.join(",")}`,
      ],
      stdin: "null",
      stderr: "null",
    }).output();
    return success ? unitFolders(new TextDecoder().decode(stdout)) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
