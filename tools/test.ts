/**
 * Runs the tests: `deno run -A tools/test.ts SUITE`.
 *
 * - `core`: the pure core: a room's tests in one isolate, rooms in parallel,
 *   without any permission;
 * - `real`: adapters, programs and the main paths end to end, with real parts;
 * - `long`: files named `*_long_test.ts`: kills, floods, installs, long faults;
 * - `slow`: files named `*_slow_test.ts`: the same, minutes each; before a
 *   release;
 * - `executables`: the files of `real` that start programs, run on the compiled
 *   programs in the folder that `F2BC_BIN` names;
 * - `executables-slow`: the same for the faults of several publishers; before a
 *   release.
 *
 * Tests with real parts mostly wait, so they run in parallel lanes; a lane
 * takes the next file when it has finished one. Files in a folder `alone`
 * measure waiting times, and run last, one at a time.
 *
 * @module
 */

import {
  filesByFolder,
  isSuite,
  readImports,
  type Suite,
  suiteFiles,
} from "./test_suites.ts";

const ALONE = /\/alone\//;
/** More than there are processors: a lane mostly waits. */
const LANES = 2 * navigator.hardwareConcurrency;
/** Number of slowest files to name at the end. */
const SLOWEST_FILES = 12;
/** `deno task check` checks types. */
const OPTIONS = ["test", "--no-check"];

/**
 * Runs files in one process, with one isolate for each folder: most of these
 * files take less time than starting an isolate. Prints output as it arrives.
 */
async function runTogether(
  args: readonly string[],
  files: readonly string[],
): Promise<boolean> {
  const dir = await Deno.makeTempDir({ prefix: "f2bc_tests_" });
  try {
    const modules: string[] = [];
    for (const [folder, members] of filesByFolder(files)) {
      const path = `${dir}/${folder.replaceAll("/", "_")}_test.ts`;
      const urls = members.map((file) =>
        new URL(`../${file}`, import.meta.url)
      );
      const imports = urls.map((url) => `import ${JSON.stringify(url)};\n`);
      await Deno.writeTextFile(path, imports.join(""));
      modules.push(path);
    }
    const command = new Deno.Command(Deno.execPath(), {
      args: [...OPTIONS, ...args, ...modules],
    });
    return (await command.spawn().status).success;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

interface FileRun {
  readonly file: string;
  readonly isGreen: boolean;
  readonly tookMs: number;
}

/**
 * Runs a file, and prints its output at the end: mixed output of all lanes
 * would be unreadable.
 */
async function runFile(file: string): Promise<FileRun> {
  const startedAtMs = performance.now();
  const command = new Deno.Command(Deno.execPath(), {
    args: [...OPTIONS, "-A", file],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  for (const bytes of [stdout, stderr]) writeWhole(bytes);
  const tookMs = performance.now() - startedAtMs;
  return { file, isGreen: success, tookMs };
}

/** Writes without awaiting, so that no other lane can write in between. */
function writeWhole(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/**
 * Runs files in parallel lanes, each of which takes the next file when it has
 * finished one.
 */
async function runInLanes(
  files: readonly string[],
  lanes: number,
): Promise<readonly FileRun[]> {
  const next = files[Symbol.iterator]();
  const runs: FileRun[] = [];
  const lane = async () => {
    for (const file of next) runs.push(await runFile(file));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return runs;
}

async function runReal(files: readonly string[]): Promise<boolean> {
  const runs = [
    ...await runInLanes(files.filter((file) => !ALONE.test(file)), LANES),
    ...await runInLanes(files.filter((file) => ALONE.test(file)), 1),
  ];
  for (const { file, tookMs } of slowest(runs)) {
    await tell(`test: took ${Math.round(tookMs / 1000)} s: ${file}\n`);
  }
  const failed = runs.filter(({ isGreen }) => !isGreen);
  for (const { file } of failed) await tell(`test: failed: ${file}\n`);
  return failed.length === 0;
}

/** The slowest files. */
function slowest(runs: readonly FileRun[]): readonly FileRun[] {
  return runs.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, SLOWEST_FILES);
}

async function tell(text: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(text));
}

async function runSuite(suite: Suite): Promise<boolean> {
  const files = suiteFiles(suite, await readImports("tests"));
  if (suite !== "core") return await runReal(files);
  return await runTogether(["--no-prompt", "--parallel"], files);
}

async function refuse(reason: string): Promise<never> {
  await tell(`test: error: ${reason}\n`);
  Deno.exit(2);
}

const [suite, ...rest] = Deno.args;
if (!isSuite(suite) || rest.length > 0) {
  await refuse("usage: tools/test.ts SUITE; deno task lists them");
} else if (suite.startsWith("executables") && !Deno.env.has("F2BC_BIN")) {
  await refuse("F2BC_BIN has to name the folder of the executables");
} else if (!await runSuite(suite)) Deno.exit(1);
