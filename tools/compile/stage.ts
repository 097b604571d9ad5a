/**
 * A temporary folder from which a role is compiled: the project's sources, and
 * from npm packages only the files that this role runs on this target, because
 * `deno compile` embeds everything in `node_modules`.
 *
 * @module
 */

import { copyTree } from "./copy_tree.ts";
import { denoJson, runDeno } from "./deno_command.ts";
import { makeScripts, scriptName } from "./scripts.ts";
import { onlyAddonFor, type Platform } from "./targets.ts";

/** The needed parts of the project; the rest is tests, tools and documents. */
export const SOURCES: readonly string[] = [
  ...["deno.json", "deno.lock", "lib", "page", "roles", "std"],
];
/** The folders that are turned into JavaScript; `std` has packages, whose `deno.json` names their files. */
const SCRIPTED: readonly string[] = ["lib", "roles"];
/** Packages without code that runs. */
const HEADERS_ONLY: ReadonlySet<string> = new Set(["node-addon-api"]);
/** Files to keep of packages that ship far more than is used. */
const KEPT: Readonly<Record<string, RegExp>> = {
  "@opentelemetry/api": /^dist\/(?!experimental\/).*\.cjs$/,
  "bintrees": /^(?:index|lib\/\w+)\.js$/,
  "cmake-ts": /^build\/loader\.js$/,
  "zeromq": /^lib\/(?!compat)[\w-]+\.js$/,
};
const KEPT_OF_OTHERS =
  /^(?!(?:tests?|specs?|examples?|docs?|\.[^/]*)\/).*\.(?:[cm]?js|json|wasm|node)$/;
const LICENSE = /^(?:LICEN[CS]E|COPYING|NOTICE)[^/]*$/i;

/** A package that a role runs. */
export interface EmbeddedPackage {
  readonly name: string;
  readonly version: string;
}

/** A package with its license texts. */
export interface LicensedPackage extends EmbeddedPackage {
  /** The SPDX expression in its `package.json`. */
  readonly license: string;
  readonly texts: readonly string[];
}

/** Options for {@link Stage.make}. */
export interface StageOptions {
  /** The project's folder, without a slash at its end. */
  readonly project: string;
  /** The entry file, relative to the project's folder. */
  readonly entry: string;
  /** The platform to run on. */
  readonly platform: Platform;
  /** Whether it will be compiled, and so needs JavaScript only. */
  readonly forExecutable: boolean;
}

/** A folder to compile from, removed when disposed. */
export class Stage implements AsyncDisposable {
  /** The folder. */
  readonly dir: string;
  /** The file that is run, relative to the folder. */
  readonly entry: string;
  /** The npm packages that the role runs, sorted by name. */
  readonly packages: readonly LicensedPackage[];

  private constructor(
    dir: string,
    entry: string,
    packages: readonly LicensedPackage[],
  ) {
    this.dir = dir;
    this.entry = entry;
    this.packages = packages;
  }

  /**
   * Creates the folder.
   *
   * @param options See {@link StageOptions}.
   */
  static async make(options: StageOptions): Promise<Stage> {
    const dir = await Deno.makeTempDir({ prefix: "f2bc_compile_" });
    try {
      for (const name of SOURCES) {
        await copyTree(`${options.project}/${name}`, `${dir}/${name}`);
      }
      if (options.forExecutable) {
        for (const name of SCRIPTED) await makeScripts(`${dir}/${name}`);
      }
      const entry = options.forExecutable
        ? scriptName(options.entry)
        : options.entry;
      await runDeno(dir, [
        ...["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
        ...["--entrypoint", entry],
      ]);
      const packages = await licensed(dir, await packagesRunBy(dir, entry));
      await prune(`${dir}/node_modules`, packages, options.platform);
      await writePackageFile(dir, packages);
      await forgetTimes(dir);
      return new Stage(dir, entry, packages);
    } catch (error) {
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/**
 * Lists the packages in the folder itself: an executable's runtime would
 * otherwise look for a list in the parent folders, which anybody may write.
 */
async function writePackageFile(
  dir: string,
  packages: readonly EmbeddedPackage[],
): Promise<void> {
  const dependencies = Object.fromEntries(
    packages.map(({ name, version }) => [name, version]),
  );
  await Deno.writeTextFile(
    `${dir}/package.json`,
    `${JSON.stringify({ type: "module", dependencies })}\n`,
  );
}

/** The needed part of `deno info --json`. */
interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly npmPackage?: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<
    Record<string, EmbeddedPackage & { readonly dependencies: string[] }>
  >;
}

/**
 * The packages that an entry file imports, directly or not, except for types.
 */
async function packagesRunBy(
  dir: string,
  entry: string,
): Promise<EmbeddedPackage[]> {
  const graph = await denoJson<ModuleGraph>(dir, [
    ...["info", "--json", "--node-modules-dir=auto"],
    entry,
  ]);
  const waiting = importedPackages(graph);
  const seen = new Map<string, EmbeddedPackage>();
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const found = graph.npmPackages[id];
    if (found === undefined) throw new Error(`deno info lists no ${id}`);
    const { name, version, dependencies } = found;
    if (seen.has(id) || HEADERS_ONLY.has(name)) continue;
    seen.set(id, { name, version });
    waiting.push(...dependencies);
  }
  return [...seen.values()].toSorted((a, b) => a.name < b.name ? -1 : 1);
}

/** The packages that the modules import at run time. */
function importedPackages({ modules, redirects }: ModuleGraph): string[] {
  const imported = new Set(
    modules.flatMap(({ dependencies = [] }) =>
      dependencies.map(({ code }) => code?.specifier ?? "")
    ).map((specifier) => redirects[specifier] ?? specifier),
  );
  return modules.flatMap(({ specifier, npmPackage }) =>
    imported.has(specifier) ? npmPackage ?? [] : []
  );
}

/**
 * The folder of a package in a stage's `node_modules`; the package itself is in
 * `node_modules/NAME` below it.
 *
 * @param found The package.
 */
export function folderOf({ name, version }: EmbeddedPackage): string {
  return `.deno/${name.replaceAll("/", "+")}@${version}`;
}

/**
 * Reads the license texts before they are removed: Deno would take them for
 * modules.
 */
async function licensed(
  dir: string,
  packages: readonly EmbeddedPackage[],
): Promise<LicensedPackage[]> {
  const found: LicensedPackage[] = [];
  for (const each of packages) {
    const place = `${dir}/node_modules/${
      folderOf(each)
    }/node_modules/${each.name}`;
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(place)) {
      if (isFile && LICENSE.test(name)) names.push(name);
    }
    const texts: string[] = [];
    for (const name of names.toSorted()) {
      texts.push(await Deno.readTextFile(`${place}/${name}`));
    }
    const about = await Deno.readTextFile(`${place}/package.json`);
    found.push({ ...each, license: String(JSON.parse(about).license), texts });
  }
  return found;
}

/** Removes the files of `node_modules` that the packages do not run. */
async function prune(
  modules: string,
  packages: readonly EmbeddedPackage[],
  platform: Platform,
): Promise<void> {
  const kept = new Set(packages.map(folderOf));
  for await (const { name } of Deno.readDir(`${modules}/.deno`)) {
    if (kept.has(`.deno/${name}`) || name === "node_modules") continue;
    await Deno.remove(`${modules}/.deno/${name}`, { recursive: true });
  }
  await Deno.remove(`${modules}/.bin`, { recursive: true }).catch(unlessGone);
  for (const each of packages) {
    const { name } = each;
    const dir = `${modules}/${folderOf(each)}/node_modules/${name}`;
    const addon = name === "zeromq" ? await pruneManifest(dir, platform) : [];
    await pruneFiles(
      dir,
      (path) =>
        addon.includes(path) || path === "package.json" ||
        (KEPT[name] ?? KEPT_OF_OTHERS).test(path),
    );
  }
  await removeLooseEnds(modules);
}

/** @returns The paths of the manifest and its one addon in the package. */
async function pruneManifest(
  dir: string,
  platform: Platform,
): Promise<string[]> {
  const path = `${dir}/build/manifest.json`;
  const all = JSON.parse(await Deno.readTextFile(path));
  const only = onlyAddonFor(all, platform);
  // The file may be a hard link into the package cache.
  await Deno.remove(path);
  await Deno.writeTextFile(path, JSON.stringify(only));
  const addons = Object.values(only).map((addon) => `build/${addon}`);
  return ["build/manifest.json", ...addons];
}

/** Removes files that are not kept, and empty folders. */
async function pruneFiles(
  root: string,
  isKept: (path: string) => boolean,
  within = "",
): Promise<boolean> {
  let isEmpty = true;
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${within}`)) {
    const path = `${within}${name}`;
    const goes = isDirectory
      ? await pruneFiles(root, isKept, `${path}/`)
      : !isKept(path);
    if (goes) await Deno.remove(`${root}/${path}`);
    else isEmpty = false;
  }
  return isEmpty;
}

/** Removes broken links and empty folders. */
async function removeLooseEnds(dir: string): Promise<boolean> {
  let isEmpty = true;
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    const goes = isDirectory
      ? await removeLooseEnds(path)
      : isSymlink && !await isThere(path);
    if (goes) await Deno.remove(path);
    else isEmpty = false;
  }
  return isEmpty;
}

/**
 * Resets the files' times, which the executable contains: so builds are
 * reproducible.
 */
async function forgetTimes(dir: string): Promise<void> {
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) await forgetTimes(path);
    else if (!isSymlink) {
      // Setting the time of a hard link would also change the package cache.
      await Deno.copyFile(path, `${path}.copy`);
      await Deno.rename(`${path}.copy`, path);
      await Deno.utime(path, 0, 0);
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    unlessGone(error);
    return false;
  });
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
