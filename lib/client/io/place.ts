/**
 * Identifies the place where this program runs.
 *
 * @module
 */

import type { PlaceId } from "../../base/ids.ts";

/** It differs on each host and after each boot. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const BYTES = 16;

/**
 * Identifies the place where programs with this state folder run. The id stays
 * the same when the program restarts. It differs on a copy of the host, in a
 * container with its own folder, and after a reboot. It reveals nothing about
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

/**
 * Ignores a part that can't be read: the other parts still identify the place.
 */
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
