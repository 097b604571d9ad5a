/**
 * Runs install.sh with releases of fake programs.
 *
 * @module
 */

import { copyTree } from "../../../tools/compile/copy_tree.ts";
import { writeChecksums } from "../../../tools/compile/checksums.ts";
import type { TempDir } from "../host/temp_dir.ts";

/** The project's folder. */
export const PROJECT = decodeURIComponent(
  new URL("../../..", import.meta.url).pathname,
)
  .replace(/\/$/, "");

/** The result of a run. */
export interface InstallerOutcome {
  readonly code: number;
  /** Standard output, line by line. */
  readonly said: readonly string[];
  /** Standard error, line by line. */
  readonly complained: readonly string[];
}

/** Options for {@link runInstaller}. */
export interface InstallerOptions {
  /** The folder of the script. @default {PROJECT} */
  readonly from?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The interpreter. @default {["sh"]} */
  readonly by?: readonly [string, ...string[]];
}

/** Runs the script to its end, without a terminal. */
export async function runInstaller(
  args: readonly string[],
  { from = PROJECT, env = {}, by = ["sh"] }: InstallerOptions = {},
): Promise<InstallerOutcome> {
  const [command, ...before] = by;
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...before, `${from}/install.sh`, ...args],
    env: { LC_ALL: "C", ...env },
    stdin: "null",
  }).output();
  return { code, said: linesOf(stdout), complained: linesOf(stderr) };
}

function linesOf(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes).trimEnd();
  return text === "" ? [] : text.split("\n");
}

/** Options for {@link writeRelease}. */
export interface ReleaseOptions {
  /** @default {"1.0.0"} */
  readonly version?: string;
  /** @default {["monitor", "publisher", "subscriber"]} */
  readonly roles?: readonly string[];
  /** @default {Deno.build.target} */
  readonly target?: string;
  /** Whether `fail2ban-cluster` has all roles, and the others are links to it. @default {false} */
  readonly isOneFile?: boolean;
  /** Further files by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes a release whose programs only print their version. */
export async function writeRelease(
  dir: string,
  {
    version = "1.0.0",
    roles = ["monitor", "publisher", "subscriber"],
    target = Deno.build.target,
    isOneFile = false,
    files = {},
  }: ReleaseOptions = {},
): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  const taken = [
    ...["CHANGELOG.md", "LICENSE", "README.md", "docs", "share"],
    ...["fail2ban", "systemd"],
    ...["fail2ban-cluster.conf", "install.sh", "installer"],
  ];
  for (const name of taken) {
    await copyTree(`${PROJECT}/${name}`, `${dir}/${name}`);
  }
  for (const role of roles) {
    const path = `${dir}/fail2ban-${role}`;
    if (isOneFile) await Deno.symlink("fail2ban-cluster", path);
  }
  for (const role of isOneFile ? ["cluster"] : roles) {
    const path = `${dir}/fail2ban-${role}`;
    await Deno.writeTextFile(path, `#!/bin/sh\necho ${role} ${version} "$@"\n`);
    await Deno.chmod(path, 0o755);
  }
  const about = `version=${version}\ntarget=${target}\n`;
  await Deno.writeTextFile(`${dir}/RELEASE`, about);
  for (const [path, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${dir}/${path}`, text);
  }
  await writeChecksums(dir);
  return dir;
}

/**
 * Builds a release from the project's sources, in a new folder.
 *
 * @returns The folder.
 */
export async function releaseFromSource(dir: TempDir): Promise<string> {
  const release = dir.path("release");
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["tools/from_source.sh", release],
    cwd: PROJECT,
    env: { DENO: Deno.execPath() },
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return release;
}

/** The content of a folder: paths with mode, modification time and content. */
export async function snapshot(
  dir: string,
  within = "",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${within}`)) {
    const path = `${within}${name}`;
    const { mode, mtime } = await Deno.stat(`${dir}/${path}`);
    const modeText = ((mode ?? 0) & 0o7777).toString(8);
    const content = isDirectory
      ? "folder"
      : await Deno.readTextFile(`${dir}/${path}`);
    found[path] = `${modeText} ${mtime?.getTime()} ${content}`;
    if (isDirectory) {
      Object.assign(found, await snapshot(dir, `${path}/`));
    }
  }
  return found;
}

/** The files in a folder, without folders, in order. */
export async function filesIn(dir: string): Promise<string[]> {
  const all = Object.entries(await snapshot(dir));
  return all.filter(([, about]) => !/^\d+ \d+ folder$/.test(about))
    .map(([path]) => path).toSorted();
}
