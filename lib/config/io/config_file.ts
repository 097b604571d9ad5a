/**
 * Finds and reads the configuration files.
 *
 * @module
 */

import type { ConfigFile } from "../config.ts";
import { ConfigError, RuntimeError } from "../../base/errors.ts";

/** The default path of the configuration. */
export const DEFAULT_CONFIG_PATH =
  "/etc/fail2ban-cluster/fail2ban-cluster.conf";

const MAX_FILE_BYTES = 1 << 20;
const OTHERS_MAY_READ = 0o004;

/**
 * Reads a configuration file and the `*.local` beside it.
 *
 * @param configPath The named file; `undefined`: {@link DEFAULT_CONFIG_PATH},
 * otherwise `fail2ban-cluster.conf` in `programDir`.
 * @param programDir The program's folder.
 * @returns `*.conf`, then `*.local` if it exists.
 * @throws {ConfigError} when there is no file, or it can't be read.
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
    const local = await readFile(localPath(path));
    return local === undefined ? [main] : [main, local];
  }
  throw new ConfigError(
    candidates.map((file) => ({ file, expected: "a configuration file" })),
    { hint: "name it with --config FILE" },
  );
}

/** The file beside a configuration file that overrides it. */
export function localPath(configPath: string): string {
  return `${configPath.replace(/\.conf$/, "")}.local`;
}

/**
 * Edits the `*.local` beside a configuration file, and replaces it as a whole.
 * A new file gets the owner and the mode of the configuration file.
 *
 * @param configPath The configuration file.
 * @param edit Makes the new text from the current one, which is empty for a new
 * file.
 * @returns The path of the `*.local`.
 * @throws {ConfigError} when it can't be read.
 * @throws {RuntimeError} when it can't be written.
 */
export async function editLocalFile(
  configPath: string,
  edit: (text: string) => string,
): Promise<string> {
  const path = localPath(configPath);
  const before = await readFile(path);
  const after = edit(before?.text ?? "");
  if (after === before?.text) return path;
  const beside = `${path}.new`;
  try {
    const like = await Deno.stat(before === undefined ? configPath : path);
    const mode = (like.mode ?? 0o600) & 0o777;
    await Deno.writeTextFile(beside, after, { mode: 0o600 });
    await Deno.chmod(beside, mode);
    const { uid, gid } = await Deno.stat(beside);
    if (uid !== like.uid || gid !== like.gid) {
      await Deno.chown(beside, like.uid, like.gid);
    }
    await Deno.rename(beside, path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`cannot write ${path}: ${error.message}`, {
      hint: "run it as root, or as the file's owner",
      cause: error,
    });
  }
  return path;
}

async function readFile(path: string): Promise<ConfigFile | undefined> {
  try {
    // Opening a pipe would block.
    const { isFile, size, mode } = await Deno.stat(path);
    if (!isFile) throw unreadable(path, "a file");
    using file = await Deno.open(path);
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
