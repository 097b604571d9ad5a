/**
 * Finds the owner of the state folder.
 *
 * @module
 */

import type { StateFolder } from "../state_owner.ts";

const USERS = "/etc/passwd";
/** Exists where systemd started the system; see sd_booted(3). */
const SERVICE_MANAGER = "/run/systemd/system";

/**
 * Finds a folder's owner.
 *
 * @param path The folder.
 * @returns `undefined` when the folder does not exist.
 *
 * @example
 * ```ts ignore
 * await findStateFolder("/var/lib/fail2ban-cluster");
 * // { path: "/var/lib/fail2ban-cluster", uid: 998, gid: 998, owner: "fail2ban-cluster" }
 * ```
 */
export async function findStateFolder(
  path: string,
): Promise<StateFolder | undefined> {
  const info = await infoOf(path);
  if (info === undefined || info.uid === null) return undefined;
  const { uid, gid } = info;
  return { path, uid, gid: gid ?? uid, owner: await nameOf(uid) };
}

/** Whether systemd runs this host's services. */
export async function hasServiceManager(): Promise<boolean> {
  return await infoOf(SERVICE_MANAGER) !== undefined;
}

/** The user who runs this program; under sudo `CALLER as USER`. */
export async function userName(): Promise<string> {
  const before = Deno.env.get("SUDO_USER");
  const name = await nameOf(Deno.uid() ?? 0);
  return before === undefined || before === name
    ? name
    : `${before} as ${name}`;
}

async function infoOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A user's name, or the number if the user is not listed. */
async function nameOf(uid: number): Promise<string> {
  const users = (await readUsers()).split("\n").map((line) => line.split(":"));
  return users.find(([, , number]) => number === `${uid}`)?.[0] ?? `${uid}`;
}

/** Reads the users; a container may list none. */
async function readUsers(): Promise<string> {
  try {
    return await Deno.readTextFile(USERS);
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
}
