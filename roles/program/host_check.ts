/**
 * What `check` looks at beside the configuration, for every program.
 *
 * @module
 */

import type { GeneralConfig } from "../../lib/config/config.ts";
import { findLogFileTrouble } from "../../lib/log/io/log_file_probe.ts";
import { hasServiceManager } from "../../lib/service/io/state_folder.ts";
import { findUnitFolders } from "../../lib/service/io/unit_view.ts";
import { logFileTrouble } from "../../lib/service/unit_paths.ts";

/**
 * Looks at the file that the log goes to.
 *
 * @param program The program's name.
 * @param general Its configuration.
 * @returns What keeps the program from writing it; nothing where it can.
 */
export async function checkLogFile(
  program: string,
  { logTarget }: GeneralConfig,
): Promise<readonly string[]> {
  if (logTarget?.kind !== "file") return [];
  const { path } = logTarget;
  const reason = await findLogFileTrouble(path);
  const folders = await hasServiceManager()
    ? await findUnitFolders(program)
    : undefined;
  const trouble = logFileTrouble({ path, program, reason, folders });
  return trouble === undefined ? [] : [trouble];
}
