/**
 * Finds and reads the configuration files.
 *
 * @module
 */

import type { ConfigFile } from "../config.ts";

/** Where the configuration is looked for when none is named. */
export const DEFAULT_CONFIG_PATH =
  "/etc/fail2ban-cluster/fail2ban-cluster.conf";

/** The files that were read. */
export interface ConfigFiles {
  /** `*.conf`, then `*.local` where there is one. */
  readonly files: readonly ConfigFile[];
  /** Paths that everybody on the host may read. */
  readonly worldReadable: readonly string[];
}

/**
 * Reads a configuration file and the `*.local` beside it.
 *
 * @param configPath The file that was named; `undefined`: {@link DEFAULT_CONFIG_PATH},
 * else `fail2ban-cluster.conf` in `programDir`.
 * @param programDir The folder the program stands in.
 * @throws {ConfigError} when there is none, or it can't be read.
 */
export function readConfigFiles(
  _configPath: string | undefined,
  _programDir: string,
): Promise<ConfigFiles> {
  return Promise.reject(new Error("readConfigFiles is not written yet"));
}
