/**
 * Compiles all roles to one executable, or one role to its own, and adds the
 * files that are installed with it: the resulting folder is an unpacked
 * release.
 *
 * ```
 * deno task compile [--target TARGET] [--role ROLE] [--out DIR] [--preload FILE] [--launchers]
 * ```
 *
 * `--launchers` compiles nothing: each role becomes a script that runs it from
 * its sources with the Deno that runs this tool.
 *
 * Does not check types: `deno task check` does.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import deno from "../deno.json" with { type: "json" };
import { describeError, RuntimeError, UsageError } from "../lib/base/errors.ts";
import { summedFiles, writeChecksums } from "./compile/checksums.ts";
import { RUNTIME_FLAGS } from "../roles/program/runtime_flags.ts";
import { copyTree } from "./compile/copy_tree.ts";
import { DenoFailure, runDeno } from "./compile/deno_command.ts";
import { writeLauncher } from "./compile/launcher.ts";
import { renderLicenses } from "./compile/licenses.ts";
import { renderSbom } from "./compile/sbom.ts";
import { scriptName } from "./compile/scripts.ts";
import { type LicensedPackage, Stage } from "./compile/stage.ts";
import { platformOf } from "./compile/targets.ts";

const PROJECT = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/\/$/, "");
/** Files that are installed beside the executables. */
const BESIDE = [
  ...["CHANGELOG.md", "LICENSE", "README.md"],
  ...["docs", "fail2ban", "fail2ban-cluster.conf"],
  ...["install.sh", "installer", "share", "systemd"],
];
/** The file with a folder's version and target; install.sh reads it. */
const RELEASE = "RELEASE";
const SBOM = "sbom.cdx.json";
const LICENSES = "THIRD_PARTY_LICENSES.txt";
/** The package with native code, which an executable unpacks at its start. */
const NATIVE = "zeromq";
/** The first module of an executable with native code. */
const PRIVATE_FOLDER = scriptName("roles/executable/private_folder.ts");
/** Contains all roles, and chooses one by the name of the link. */
const ALL_ROLES: Program = {
  name: "fail2ban-cluster",
  entry: "roles/executable/all_roles.ts",
  permissions: "executable",
};
const BYTES_PER_MB = 1_000_000;

/** A program to compile. */
interface Program {
  readonly name: string;
  /** The entry file, relative to the project's folder. */
  readonly entry: string;
  /** Its permission set in `deno.json`. */
  readonly permissions: string;
}

interface CompileOptions {
  readonly target: string;
  readonly roles: readonly string[];
  /** Whether these are all roles. */
  readonly isWhole: boolean;
  readonly out: string;
  /** A module that runs before the role's own. */
  readonly preload: string | undefined;
  /** Whether to write launchers instead of compiling. */
  readonly launchers: boolean;
}

/**
 * The project's roles: the files of `roles/`.
 *
 * @param project The project's folder.
 */
export async function findRoles(project = PROJECT): Promise<string[]> {
  const roles: string[] = [];
  for await (const { name, isFile } of Deno.readDir(`${project}/roles`)) {
    const role = /^([a-z][a-z0-9_]*)\.ts$/.exec(name)?.[1];
    if (isFile && role !== undefined) roles.push(role);
  }
  return roles.toSorted();
}

/**
 * Runs the program.
 *
 * @param argv The arguments.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await compileAll(parseOptions(argv, await findRoles()));
    return 0;
  } catch (error) {
    const { exitCode, lines } = describeError("compile", error);
    await say(Deno.stderr, lines.join("\n"));
    return exitCode;
  }
}

function parseOptions(
  argv: readonly string[],
  roles: readonly string[],
): CompileOptions {
  const names = ["target", "role", "out", "preload"];
  const given = parseArgs([...argv], {
    string: names,
    boolean: ["launchers"],
    unknown: (arg) => {
      const known = [...names, "launchers"].map((name) => `--${name}`);
      throw new UsageError(`unknown argument "${arg}"`, {
        hint: `there are ${known.join(", ")}`,
      });
    },
  });
  const valueOf = (name: string): string | undefined => {
    const value = given[name];
    if (value === "") throw new UsageError(`--${name} needs a value`);
    return typeof value === "string" ? value : undefined;
  };
  const target = valueOf("target") ?? Deno.build.target;
  platformOf(target);
  const role = valueOf("role");
  if (role !== undefined && !roles.includes(role)) {
    throw new UsageError(`unknown role "${role}"`, {
      hint: `there are ${roles.join(", ")}`,
    });
  }
  return {
    target,
    roles: role === undefined ? roles : [role],
    isWhole: role === undefined,
    out: valueOf("out") ?? `${PROJECT}/dist`,
    preload: valueOf("preload"),
    launchers: given["launchers"] === true,
  };
}

async function compileAll(options: CompileOptions): Promise<void> {
  const { target, out } = options;
  await Deno.mkdir(out, { recursive: true });
  const release = `version=${deno.version}\ntarget=${target}\n`;
  if (options.isWhole) await removeFormer(out);
  else await refuseOtherRelease(out, release);
  const packages = options.launchers
    ? await launchRoles(options)
    : await compileProgram(options, programOf(options));
  if (options.isWhole && !options.launchers) {
    await linkRoles(out, options.roles);
  }
  for (const name of BESIDE) {
    await copyTree(`${PROJECT}/${name}`, `${out}/${name}`);
  }
  await Deno.writeTextFile(`${out}/${RELEASE}`, release);
  if (options.isWhole) await describe(out, target, packages);
  await writeChecksums(out);
}

/** Writes the licenses and the bill of materials of all roles. */
async function describe(
  out: string,
  target: string,
  packages: readonly LicensedPackage[],
): Promise<void> {
  const { version } = deno;
  const lock = await Deno.readTextFile(`${PROJECT}/deno.lock`);
  const sbom = renderSbom({ version, target, packages, lock });
  await Deno.writeTextFile(`${out}/${SBOM}`, sbom);
  await Deno.writeTextFile(`${out}/${LICENSES}`, renderLicenses(packages));
}

/** Removes the files of an earlier run, and nothing else. */
async function removeFormer(out: string): Promise<void> {
  for (const path of await summedFiles(out)) {
    await Deno.remove(`${out}/${path}`).catch(unlessGone);
  }
}

/** Refuses to add a role to a folder of another release. */
async function refuseOtherRelease(out: string, release: string): Promise<void> {
  const there = await Deno.readTextFile(`${out}/${RELEASE}`).catch(unlessGone);
  if (there === undefined || there === release) return;
  throw new RuntimeError(`${out} holds another version or target`, {
    hint: "compile all roles, or name another folder with --out",
  });
}

function programOf({ roles: [role = ""], isWhole }: CompileOptions): Program {
  if (isWhole) return ALL_ROLES;
  const entry = `roles/${role}.ts`;
  return { name: `fail2ban-${role}`, entry, permissions: role };
}

/** Links the executable of all roles to each role's name. */
async function linkRoles(out: string, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    const name = `fail2ban-${role}`;
    if (name === ALL_ROLES.name) continue;
    await Deno.remove(`${out}/${name}`).catch(unlessGone);
    await Deno.symlink(ALL_ROLES.name, `${out}/${name}`);
  }
}

/** @returns The packages in the executable. */
async function compileProgram(
  { target, out, preload, isWhole }: CompileOptions,
  { name, entry, permissions }: Program,
): Promise<readonly LicensedPackage[]> {
  const platform = platformOf(target);
  await using stage = await Stage.make({
    ...{ project: PROJECT, entry, platform },
    forExecutable: true,
  });
  const unpacks = stage.packages.some(({ name }) => name === NATIVE);
  // The executable of all roles loads this module only for a role that needs
  // it.
  const early = unpacks && !isWhole ? [PRIVATE_FOLDER] : [];
  if (preload !== undefined) {
    early.push("preload.ts");
    await Deno.copyFile(preload, `${stage.dir}/preload.ts`);
    // A changing timestamp would change the executable.
    await Deno.utime(`${stage.dir}/preload.ts`, 0, 0);
  }
  // The code cache would be stored under a predictable name in /tmp.
  await compile(target, stage.dir, [
    ...["compile", "--quiet", "--cached-only", "--no-check", "--no-prompt"],
    ...["--no-code-cache", "--node-modules-dir=manual", `-P=${permissions}`],
    ...RUNTIME_FLAGS,
    ...early.flatMap((path) => ["--preload", `./${path}`]),
    // A preloaded module that replaces runtime functions may need the system's
    // library.
    ...(preload === undefined ? [] : ["--allow-ffi"]),
    ...["--target", target, "--output", name, stage.entry],
  ]);
  // It may be a link to the executable of all roles.
  await Deno.remove(`${out}/${name}`).catch(unlessGone);
  await Deno.copyFile(`${stage.dir}/${name}`, `${out}/${name}`);
  const { size } = await Deno.stat(`${out}/${name}`);
  const megabytes = (size / BYTES_PER_MB).toFixed(1);
  await say(Deno.stdout, `${out}/${name}: ${megabytes} MB for ${target}`);
  return stage.packages;
}

/** @returns The packages of the launchers. */
async function launchRoles(
  { roles, target, out }: CompileOptions,
): Promise<readonly LicensedPackage[]> {
  const packages = new Map<string, LicensedPackage>();
  for (const role of roles) {
    const options = { project: PROJECT, role, target, out };
    for (const found of await writeLauncher(options)) {
      packages.set(found.name, found);
    }
    await say(Deno.stdout, `${out}/fail2ban-${role}: from sources, ${target}`);
  }
  return [...packages.values()];
}

async function compile(
  target: string,
  cwd: string,
  args: readonly string[],
): Promise<void> {
  try {
    await runDeno(cwd, args);
  } catch (error) {
    if (!(error instanceof DenoFailure)) throw error;
    if (!/Setting up base binary|denort at/.test(error.stderr)) throw error;
    const version = Deno.version.deno;
    throw new RuntimeError("there is no base runtime to compile with", {
      hint:
        `let this machine reach the downloads of Deno, or set DENORT_BIN to a file: denort ${version} for ${target}`,
      cause: error,
    });
  }
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function say(to: typeof Deno.stdout, text: string): Promise<void> {
  await to.write(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
