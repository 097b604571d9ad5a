/**
 * Writes a script that runs a role from its sources, for hosts where `deno
 * compile` has no base runtime. Includes the Deno that runs this tool.
 *
 * @module
 */

import { UsageError } from "../../lib/base/errors.ts";
import { RUNTIME_FLAGS } from "../../roles/program/runtime_flags.ts";
import { copyTree } from "./copy_tree.ts";
import { folderOf, type LicensedPackage, SOURCES, Stage } from "./stage.ts";
import { platformOf } from "./targets.ts";

/** The folder for sources, packages and Deno, shared by all roles. */
const PROGRAM = "program";

/** Options for {@link writeLauncher}. */
export interface LauncherOptions {
  /** The project's folder, without a slash at its end. */
  readonly project: string;
  /** The role, named as its file. */
  readonly role: string;
  /** The target to run on. */
  readonly target: string;
  /** The folder that becomes a release. */
  readonly out: string;
}

/**
 * Writes the script `fail2ban-ROLE`, and the files that it runs to `program/`.
 *
 * @param options See {@link LauncherOptions}.
 * @returns The packages that are included.
 * @throws {UsageError} when this machine's Deno does not run on the target.
 */
export async function writeLauncher(
  { project, role, target, out }: LauncherOptions,
): Promise<readonly LicensedPackage[]> {
  if (target !== Deno.build.target) {
    throw new UsageError(`no launchers for ${target} can be made here`, {
      hint: `this is ${Deno.build.target}, and its Deno goes with them`,
    });
  }
  const platform = platformOf(target);
  const entry = `roles/${role}.ts`;
  await using stage = await Stage.make({
    ...{ project, entry, platform },
    forExecutable: false,
  });
  const program = `${out}/${PROGRAM}`;
  await Deno.mkdir(`${program}/node_modules`, { recursive: true });
  for (const name of SOURCES) {
    await copyTree(`${stage.dir}/${name}`, `${program}/${name}`);
  }
  for (const each of stage.packages) {
    await copyTree(
      `${stage.dir}/node_modules/${folderOf(each)}/node_modules/${each.name}`,
      `${program}/node_modules/${each.name}`,
    );
  }
  await useOwnPackages(`${program}/deno.json`);
  await Deno.copyFile(Deno.execPath(), `${program}/deno`);
  await writeScript(`${out}/fail2ban-${role}`, role);
  return stage.packages;
}

/** Makes Deno search for packages only in `node_modules`. */
async function useOwnPackages(path: string): Promise<void> {
  const config = JSON.parse(await Deno.readTextFile(path));
  config.nodeModulesDir = "manual";
  await Deno.writeTextFile(path, `${JSON.stringify(config, null, 2)}\n`);
}

async function writeScript(path: string, role: string): Promise<void> {
  await Deno.writeTextFile(
    path,
    `#!/bin/sh
# Runs fail2ban-${role} from its sources with the Deno that was installed with it.
set -eu
CDPATH=''
# Its folder, as it was called or where it is: either may be a link.
called=$(cd "$(dirname "$0")" && pwd)
bin=$(dirname "$(readlink -f "$0")")
for program in "\${called%/*}/lib/fail2ban-cluster" "\${bin%/*}/lib/fail2ban-cluster" "$bin/${PROGRAM}"; do
  if [ -x "$program/deno" ]; then break; fi
done
# Deno's cache would be left behind; without one it starts in 0.3 s.
DENO_DIR=/dev/null/none DENO_NO_UPDATE_CHECK=1
export DENO_DIR DENO_NO_UPDATE_CHECK
exec "$program/deno" run --quiet --no-prompt --cached-only ${
      RUNTIME_FLAGS.join(" ")
    } \\
  --config "$program/deno.json" -P=${role} "$program/roles/${role}.ts" "$@"
`,
  );
  await Deno.chmod(path, 0o755);
}
