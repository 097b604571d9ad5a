/**
 * deb and rpm packages of fake releases. Needs the part `rpm` of
 * `real_parts.ts`.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { TempDir } from "../host/temp_dir.ts";
import { PROJECT, type ReleaseOptions, writeRelease } from "./installer.ts";

/** Runs a script of `packaging/`, and asserts success. */
export async function runPackaging(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: [`${PROJECT}/packaging/${name}`, ...args],
    env: { ...env },
    stdin: "null",
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  ok(success, said.join("\n"));
}

/**
 * Builds both packages of a release with one executable.
 *
 * @param options Its version, target and files; `fail2ban-cluster` is the
 * program.
 * @param out Their folder, relative to `dir`.
 */
export async function buildPackages(
  dir: TempDir,
  options: ReleaseOptions,
  out = "packages",
): Promise<void> {
  const { version = "1.0.0", target = Deno.build.target } = options;
  const release = await writeRelease(
    dir.path(`release ${version} ${target}`),
    {
      roles: ["monitor", "node", "publisher", "subscriber"],
      isOneFile: true,
      ...options,
    },
  );
  await Deno.chmod(`${release}/fail2ban-cluster`, 0o755);
  await packRelease(dir, release, out, target);
}

/**
 * Builds both packages of a release.
 *
 * @param out Their folder, relative to `dir`.
 */
export async function packRelease(
  dir: TempDir,
  release: string,
  out: string,
  target: string = Deno.build.target,
): Promise<void> {
  // install.sh accepts only a release for its host.
  const [machine] = target.split("-");
  const uname =
    `#!/bin/sh\n[ "$1" != -m ] || { echo ${machine}; exit; }\nexec /usr/bin/uname "$@"\n`;
  await Deno.mkdir(dir.path(target), { recursive: true });
  await dir.write(`${target}/uname`, uname, 0o755);
  await runPackaging("build", [release, dir.path(out)], {
    PATH: `${dir.path(target)}:${Deno.env.get("PATH")}`,
    COMPRESSION: "gzip",
    SOURCE_DATE_EPOCH: "1700000000",
  });
}
