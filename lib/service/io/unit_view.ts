/**
 * Asks systemd which folders a service may write to.
 *
 * @module
 */

import { UNIT_PATH_PROPERTIES, unitFolders } from "../unit_paths.ts";

/**
 * Finds the folders that a service may write to.
 *
 * @param service The unit's name without its suffix.
 * @returns `undefined` if the service is unknown, or systemd can't be asked.
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
