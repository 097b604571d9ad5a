/**
 * The settings that all publishers of one table must have alike.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import { settingsDigest } from "../../lib/engine/settings_digest.ts";

/** Digest of what decides about bans: a takeover must not change it. */
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
