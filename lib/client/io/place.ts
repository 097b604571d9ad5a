/**
 * Where this program runs.
 *
 * @module
 */

import type { PlaceId } from "../../base/ids.ts";

/** Another one at each start of the kernel, and on each host. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const BYTES = 16;

/**
 * Names the place where programs with this state folder run: the same after a
 * restart of the program, another on a copy of the host, in a container with a
 * folder of its own, and after a restart of the host. It tells nothing about
 * the host.
 *
 * @param stateDir The state folder.
 */
export async function placeOf(stateDir: string): Promise<PlaceId> {
  const bootId = await optional(() => Deno.readTextFile(BOOT_ID)) ?? "";
  const { dev, ino } = await optional(() => Deno.stat(stateDir)) ??
    { dev: 0, ino: 0 };
  const text = `fail2ban-cluster place\n${bootId.trim()}\n${dev}\n${ino}`;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  return new Uint8Array(digest, 0, BYTES).toHex() as PlaceId;
}

/** What can't be read distinguishes nothing: other parts of the name do. */
async function optional<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
