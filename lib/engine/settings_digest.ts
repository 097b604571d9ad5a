/**
 * Identifies the settings of publishers that decide about the same bans.
 *
 * @module
 */

const BYTES = 8;

/**
 * Digest of settings.
 *
 * @param settings JSON values or infinite numbers, in a fixed order.
 *
 * @example
 * ```ts
 * import { settingsDigest } from "./settings_digest.ts";
 * import { notStrictEqual } from "node:assert/strict";
 *
 * notStrictEqual(await settingsDigest([Infinity]), await settingsDigest([null]));
 * ```
 */
export async function settingsDigest(
  settings: readonly unknown[],
): Promise<string> {
  // JSON has no infinite number, which stands for a permanent ban's time.
  const text = JSON.stringify(
    settings,
    (_, value) => value === Infinity ? "forever" : value,
  );
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest, 0, BYTES).toHex();
}
