/**
 * Runs the tests: `deno run -A tools/test.ts core|real|long|slow|executables`.
 *
 * - `core`: the pure core, a room's tests in one isolate, rooms side by side and
 *   with no permission at all;
 * - `real`: adapters, programs and the main ways end to end, with real parts;
 * - `long`: files named `*_long_test.ts`: kills, floods, installs, long faults;
 * - `slow`: files named `*_slow_test.ts`: the same, of minutes each; before a
 *   release;
 * - `executables`: those of `real` that start compiled programs, on those that
 *   are in the folder that `F2BC_BIN` names.
 *
 * Tests with real parts wait most of the time for what takes its time in the
 * world, so they run in lanes side by side; a lane takes the next file when it
 * is done with one. Those in a folder `alone` measure how long others have to
 * wait, and run by themselves, last.
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
/** More than there are processors: most of what a lane does is to wait. */
const LANES = 2 * navigator.hardwareConcurrency;
/** How many of the files that took longest are named in the end. */
const SLOWEST_FILES = 12;
/** Types are the matter of `deno task check`. */
const OPTIONS = ["test", "--no-check"];

/**
 * Runs files in one process, each folder's in one isolate: most of these files
 * take less time than an isolate does. Everything is printed as it comes.
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

/** Runs a file. What all lanes print at once nobody could read: it is printed when it is whole. */
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

/** Writes without a wait in between, in which another lane could write. */
function writeWhole(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/** Runs files in so many lanes, each of which takes the next file when it is done with one. */
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

/** Those that a shorter run would begin with. */
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
  await refuse("usage: tools/test.ts core|real|long|slow|executables");
} else if (suite === "executables" && !Deno.env.has("F2BC_BIN")) {
  await refuse("F2BC_BIN has to name the folder of the executables");
} else if (!await runSuite(suite)) Deno.exit(1);
