/**
 * The compilation targets, and the zeromq addon for each.
 *
 * @module
 */

import { UsageError } from "../../lib/base/errors.ts";

/** A platform as in zeromq's manifest of addons. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
  readonly libc: string;
}

/** The targets by their names for `deno compile`. */
export const TARGETS: Readonly<Record<string, Platform>> = {
  "x86_64-unknown-linux-gnu": { os: "linux", arch: "x64", libc: "glibc" },
  "aarch64-unknown-linux-gnu": { os: "linux", arch: "arm64", libc: "glibc" },
  "x86_64-apple-darwin": { os: "darwin", arch: "x64", libc: "libc" },
  "aarch64-apple-darwin": { os: "darwin", arch: "arm64", libc: "libc" },
};

/**
 * The platform of a target.
 *
 * @param target Its name.
 * @throws {UsageError} when there is no such target.
 */
export function platformOf(target: string): Platform {
  const platform = Object.hasOwn(TARGETS, target) ? TARGETS[target] : undefined;
  if (platform !== undefined) return platform;
  throw new UsageError(`unknown target "${target}"`, {
    hint: `there are ${Object.keys(TARGETS).join(", ")}`,
  });
}

/**
 * zeromq's `build/manifest.json`: each addon's path, by its platform as JSON.
 */
export type AddonManifest = Readonly<Record<string, string>>;

interface AddonConfig extends Platform {
  readonly abi: number;
}

/**
 * Keeps the one addon of a manifest that zeromq would try first.
 *
 * @param manifest zeromq's manifest.
 * @param platform The platform to run on.
 */
export function onlyAddonFor(
  manifest: AddonManifest,
  platform: Platform,
): AddonManifest {
  const [first] = Object.entries(manifest)
    .map(([key, path]) => ({ key, path, built: parseConfig(key) }))
    .filter(({ built }) =>
      built.os === platform.os && built.arch === platform.arch &&
      built.libc === platform.libc
    )
    .toSorted((a, b) => b.built.abi - a.built.abi);
  if (first !== undefined) return { [first.key]: first.path };
  const { os, arch, libc } = platform;
  throw new Error(`zeromq has no addon for ${os} ${arch} ${libc}`);
}

function parseConfig(key: string): AddonConfig {
  const config: AddonConfig = JSON.parse(key);
  return config;
}
