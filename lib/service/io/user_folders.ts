/**
 * Finds which default folders this user may write to, and the user's own
 * folders in place of the others.
 *
 * @see {@link https://specifications.freedesktop.org/basedir-spec/latest/ | XDG Base Directory Specification}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/** Names of the default folders. */
export interface DefaultFolders {
  /** For data that outlives the process; created if missing. */
  readonly state: string;
  /** For files of a running process; exists already. */
  readonly run: string;
}

/** A user's own folders; `undefined`: the default one is usable. */
export interface OwnFolders {
  readonly state: string | undefined;
  readonly run: string | undefined;
}

const OWN_NAME = "fail2ban-cluster";
const OWN_MODE = 0o700;

/**
 * Finds a user's own folders. Root has none, nor has a user without a home: an
 * unusable default folder is then an error where it is used.
 *
 * @param defaults The default folders.
 *
 * @example
 * ```ts ignore
 * await findOwnFolders({ state: "/var/lib/fail2ban-cluster", run: "/var/run" });
 * // { state: "/home/ann/.local/state/fail2ban-cluster",
 * //   run: "/run/user/1000/fail2ban-cluster" }
 * ```
 */
export async function findOwnFolders(
  defaults: DefaultFolders,
): Promise<OwnFolders> {
  if (Deno.uid() === 0) return { state: undefined, run: undefined };
  const ownState = stateHome();
  const state = await mayWrite(defaults.state) ? undefined : ownState;
  const runHome = absolute("XDG_RUNTIME_DIR");
  // Without a session the user's programs share the state folder.
  const ownRun = runHome === undefined
    ? state ?? defaults.state
    : `${runHome}/${OWN_NAME}`;
  const run = await mayWrite(defaults.run) ? undefined : ownRun;
  return { state, run };
}

/**
 * Creates a folder and its parents if missing; several programs may do so at
 * the same time.
 *
 * @param path Absolute path.
 * @param key The option that names the folder, or a file in it.
 * @throws {RuntimeError} when it can't be created.
 */
export async function makeFolder(path: string, key: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: OWN_MODE });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`cannot make ${path}: ${error.message}`, {
      hint:
        `set ${key} in fail2ban-cluster.local to a place that this user may write, or make the folder and give it to this user`,
      cause: error,
    });
  }
}

function stateHome(): string | undefined {
  const given = absolute("XDG_STATE_HOME");
  if (given !== undefined) return `${given}/${OWN_NAME}`;
  const home = absolute("HOME");
  return home === undefined ? undefined : `${home}/.local/state/${OWN_NAME}`;
}

/** The specification says to ignore paths that are not absolute. */
function absolute(name: string): string | undefined {
  const path = Deno.env.get(name);
  return path?.startsWith("/") === true ? path : undefined;
}

/**
 * Whether a folder can be written to, or created if missing. It tries this,
 * because modes, groups and mounts together decide.
 */
async function mayWrite(path: string): Promise<boolean> {
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".f2bc_" }));
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof Deno.errors.NotFound) || path === "/") return false;
    return await mayWrite(path.slice(0, path.lastIndexOf("/")) || "/");
  }
}
