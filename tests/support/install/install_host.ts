/**
 * A complete system on which fake releases are installed. Needs the part
 * `overlay` of `real_parts.ts`.
 *
 * @module
 */

import { writeRelease } from "./installer.ts";
import type { NetworkNamespace } from "../host/network_namespace.ts";
import { TempDir } from "../host/temp_dir.ts";
import { ThrowawayRoot } from "../host/throwaway_root.ts";

/** Folder of the releases, each in a subfolder named by its version. */
export const GIVEN = "/mnt/given";

/** Options for {@link withHost}. */
export interface HostOptions {
  /** @default {["1.0.0"]} */
  readonly versions?: readonly string[];
  /** Network namespace of programs inside. */
  readonly netns?: NetworkNamespace;
  /** The content of `/etc/fail2ban`. */
  readonly fail2ban?: "nothing" | "stock";
}

/** Runs a function with a system that has fake releases of these versions. */
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
