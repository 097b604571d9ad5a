/**
 * Hosts with wrong clocks, with Debian's faketime. Needs the part `faketime` of
 * `real_parts.ts`.
 *
 * @module
 */

import { output } from "../fail2ban/fail2ban_server.ts";
import type { HostSetting } from "../cluster/test_cluster.ts";

/** Offset of a false clock, in milliseconds. */
export const AHEAD_MS = 3_600_000;

/**
 * Settings of programs whose clock is {@link AHEAD_MS} ahead; their timers are
 * right.
 */
export async function aheadOfTime(): Promise<HostSetting> {
  return {
    env: { ...await falseClock(), FAKETIME: `+${AHEAD_MS / 1_000}s` },
  };
}

/** Path of the Python module that sets the clock. */
const PYTHON_CLOCK = decodeURIComponent(
  new URL("../peers/python_clock", import.meta.url).pathname,
);

/**
 * Settings of programs whose clock a test sets while they run; their timers are
 * right.
 */
export async function settableClock(file: string): Promise<{
  readonly setting: HostSetting;
  /** The environment of a Python program with the same clock. */
  readonly pythonEnv: Readonly<Record<string, string>>;
  /** Sets the clock's offset, ahead or back. */
  readonly set: (aheadMs: number) => Promise<void>;
}> {
  const set = (aheadMs: number) => {
    const seconds = aheadMs / 1_000;
    return Deno.writeTextFile(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  };
  await set(0);
  const env = {
    ...await falseClock(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
  };
  const pythonEnv = { PYTHONPATH: PYTHON_CLOCK, CLOCK_AHEAD_FILE: file };
  return { setting: { env }, pythonEnv, set };
}

async function falseClock(): Promise<Readonly<Record<string, string>>> {
  const library = await output(
    "faketime",
    "-f",
    "+1h",
    "printenv",
    "LD_PRELOAD",
  );
  return { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}
