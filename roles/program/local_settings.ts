/**
 * Writes settings into the file that overrides the configuration's.
 *
 * @module
 */

import { type IniSetting, setIniOptions } from "../../lib/config/ini_edit.ts";
import { editLocalFile, localPath } from "../../lib/config/io/config_file.ts";
import type { Workplace } from "./workplace.ts";

/** @returns The file that has them now. */
export async function configure(
  { configPath }: Pick<Workplace, "configPath">,
  settings: readonly IniSetting[],
): Promise<string> {
  const local = localPath(configPath);
  return await editLocalFile(
    configPath,
    (text) => setIniOptions(local, text, settings),
  );
}
