/**
 * A whole system to install made-up releases on. Needs the part `overlay` of
 * `real_parts.ts`.
 *
 * @module
 */

import { writeRelease } from "./installer.ts";
import type { NetworkNamespace } from "../host/network_namespace.ts";
import { TempDir } from "../host/temp_dir.ts";
import { ThrowawayRoot } from "../host/throwaway_root.ts";

/** Where the releases stand in it, each by its version. */
export const GIVEN = "/mnt/given";

/** What there is besides the host's own. */
export interface HostOptions {
  /** @default {["1.0.0"]} */
  readonly versions?: readonly string[];
  /** For programs that the system's `inside` starts. */
  readonly netns?: NetworkNamespace;
  /** What is in `/etc/fail2ban`. @default {"nothing"} */
  readonly fail2ban?: "nothing" | "stock";
}

/** Gives a system with a made-up release of these versions in it. */
export async function withHost(
  run: (root: ThrowawayRoot) => Promise<void>,
  { versions = ["1.0.0"], netns, fail2ban = "nothing" }: HostOptions = {},
): Promise<void> {
  await using dir = await TempDir.create();
  for (const version of versions) {
    await writeRelease(dir.path(version), { version });
  }
  await using root = await ThrowawayRoot.create(dir.path(), netns?.name);
  if (fail2ban === "nothing") {
    await root.shell("rm -rf /etc/fail2ban; mkdir /etc/fail2ban");
  }
  await run(root);
}
