import type { ConfigFile, SystemFacts } from "../../lib/config/config.ts";
import { DEFAULT_CONFIG_PATH } from "../../lib/config/io/config_file.ts";
import {
  DEFAULT_RUN_FOLDER,
  DEFAULT_STATE_FOLDER,
} from "../../lib/config/user_folders.ts";
import { findOwnFolders } from "../../lib/service/io/user_folders.ts";

/**
 * The values that the configuration takes from this host.
 *
 * @param files The configuration files. A file at the system's default path
 * always means the system's folders, whoever reads it.
 */
export async function systemFacts(
  [file]: readonly ConfigFile[],
): Promise<SystemFacts> {
  const hostname = Deno.hostname();
  if (file?.path === DEFAULT_CONFIG_PATH) return { hostname };
  const userFolders = await findOwnFolders({
    state: DEFAULT_STATE_FOLDER,
    run: DEFAULT_RUN_FOLDER,
  });
  return { hostname, userFolders };
}
