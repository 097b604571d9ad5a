/**
 * Finds and reads the configuration files.
 *
 * @module
 */

import type { ConfigFile } from "../config.ts";
import { ConfigError } from "../errors.ts";

/** Where the configuration is looked for when none is named. */
export const DEFAULT_CONFIG_PATH =
  "/etc/fail2ban-cluster/fail2ban-cluster.conf";

const MAX_FILE_BYTES = 1 << 20;
const OTHERS_MAY_READ = 0o004;

/**
 * Reads a configuration file and the `*.local` beside it.
 *
 * @param configPath The file that was named; `undefined`: {@link DEFAULT_CONFIG_PATH},
 * else `fail2ban-cluster.conf` in `programDir`.
 * @param programDir The folder the program stands in.
 * @returns `*.conf`, then `*.local` where there is one.
 * @throws {ConfigError} when there is none, or it can't be read.
 */
export async function readConfigFiles(
  configPath: string | undefined,
  programDir: string,
): Promise<readonly ConfigFile[]> {
  const candidates = configPath === undefined
    ? [DEFAULT_CONFIG_PATH, `${programDir}/fail2ban-cluster.conf`]
    : [configPath];
  for (const path of candidates) {
    const main = await readFile(path);
    if (main === undefined) continue;
    const local = await readFile(`${path.replace(/\.conf$/, "")}.local`);
    return local === undefined ? [main] : [main, local];
  }
  throw new ConfigError(
    candidates.map((file) => ({ file, expected: "a configuration file" })),
    { hint: "name it with --config FILE" },
  );
}

async function readFile(path: string): Promise<ConfigFile | undefined> {
  try {
    using file = await Deno.open(path);
    const { isFile, size, mode } = await file.stat();
    if (!isFile) throw unreadable(path, "a file");
    if (size > MAX_FILE_BYTES) {
      throw unreadable(path, `at most ${MAX_FILE_BYTES} bytes`);
    }
    const text = await new Response(file.readable).text();
    return {
      path,
      text,
      isWorldReadable: ((mode ?? 0) & OTHERS_MAY_READ) !== 0,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof ConfigError || !(error instanceof Error)) throw error;
    const expected = error instanceof Deno.errors.PermissionDenied
      ? "a file that this user may read"
      : `a file that can be read: ${error.message}`;
    throw unreadable(path, expected, error);
  }
}

function unreadable(
  file: string,
  expected: string,
  cause?: unknown,
): ConfigError {
  return new ConfigError([{ file, expected }], { cause });
}
