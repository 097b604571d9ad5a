/**
 * The settings that must be the same on all publishers of a table.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import { settingsDigest } from "../../lib/engine/settings_digest.ts";

/**
 * Digest of the settings that decide about bans: a takeover must not change
 * them.
 */
export async function decidingSettings(
  config: PublisherConfig,
): Promise<string> {
  const { banTimeMs, quorum, growth, widening, limits, legacy } = config;
  const { minPrefix4Bits, minPrefix6Bits, allowPrivate } = config.general;
  const all = [
    ...[banTimeMs, quorum, growth, widening, limits, legacy],
    ...[minPrefix4Bits, minPrefix6Bits, allowPrivate],
  ];
  return await settingsDigest(all);
}
