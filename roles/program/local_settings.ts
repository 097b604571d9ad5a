/**
 * Writes settings into the `.local` file, which overrides the configuration.
 *
 * @module
 */

import { type IniSetting, setIniOptions } from "../../lib/config/ini_edit.ts";
import { editLocalFile, localPath } from "../../lib/config/io/config_file.ts";
import type { Workplace } from "./workplace.ts";

/** @returns The path of that file. */
export async function writeLocalSettings(
  { configPath }: Pick<Workplace, "configPath">,
  settings: readonly IniSetting[],
): Promise<string> {
  const local = localPath(configPath);
  return await editLocalFile(
    configPath,
    (text) => setIniOptions(local, text, settings),
  );
}
