/**
 * Hosts whose clocks are wrong, by Debian's faketime. Needs the part
 * `faketime` of `real_parts.ts`.
 *
 * @module
 */

import { output } from "./fail2ban_server.ts";
import type { HostSetting } from "./test_cluster.ts";

/** So far ahead a false clock is, in milliseconds. */
export const AHEAD_MS = 3_600_000;

/** How programs are started whose clock is {@link AHEAD_MS} ahead; their timers are right. */
export async function aheadOfTime(): Promise<HostSetting> {
  const library = await output(
    "faketime",
    "-f",
    "+1h",
    "printenv",
    "LD_PRELOAD",
  );
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME: `+${AHEAD_MS / 1_000}s`,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  };
}
