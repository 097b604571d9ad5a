/**
 * Runs the tests: `deno run -A tools/test.ts core|real|long`.
 *
 * - `core`: the pure core, side by side and with no permission at all;
 * - `real`: adapters, programs and the main ways end to end, with real parts;
 * - `long`: files named `*_long_test.ts`: kills, floods, installs, long faults.
 *
 * Tests with real parts wait most of the time for what takes its time in the
 * world, so they run in two lanes side by side. Those in a folder `alone`
 * measure how long others have to wait, and run by themselves, last.
 *
 * @module
 */

import { ROOMS } from "./rooms.ts";

type Suite = "core" | "real" | "long";

/** Folders of the core's tests, besides the rooms' own. */
const CORE_FOLDERS = ["cluster", "fuzz"];
const CORE = [...ROOMS.map(({ name }) => name), ...CORE_FOLDERS];
const FIRST_LANE = /^tests\/(?!e2e\/)/;
const ALONE = /\/alone\//;
const LONG = /_long_test\.ts$/;

interface Ended {
  readonly success: boolean;
  /** What it printed, where that was kept. */
  readonly output: string;
}

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/** Whether a test is of the core: straight in the folder of a room, not in its `io/`. */
function isCore(path: string): boolean {
  const [, room = "", file = ""] = path.split("/");
  return CORE.includes(room) && file.endsWith("_test.ts");
}

/** Both outputs at once nobody could read: one is printed when it is whole. */
async function runTests(
  args: readonly string[],
  files: readonly string[],
  shows: "now" | "at its end" = "now",
): Promise<Ended> {
  if (files.length === 0) return { success: true, output: "" };
  const stdio = shows === "now" ? "inherit" : "piped";
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args, ...files],
    stdout: stdio,
    stderr: stdio,
  });
  if (shows === "now") {
    const { success } = await command.spawn().status;
    return { success, output: "" };
  }
  const { success, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { success, output: `${out}${err}` };
}

async function runInLanes(files: readonly string[]): Promise<boolean> {
  const together = files.filter((file) => !ALONE.test(file));
  const [first, second] = await Promise.all([
    runTests(["-A"], together.filter((file) => FIRST_LANE.test(file))),
    runTests(
      ["-A"],
      together.filter((file) => !FIRST_LANE.test(file)),
      "at its end",
    ),
  ]);
  await new Blob([second.output]).stream().pipeTo(Deno.stdout.writable, {
    preventClose: true,
  });
  const alone = await runTests(
    ["-A"],
    files.filter((file) => ALONE.test(file)),
  );
  return [first, second, alone].every(({ success }) => success);
}

async function runSuite(suite: Suite): Promise<boolean> {
  const all = (await Array.fromAsync(testFiles("tests"))).sort();
  if (suite === "core") {
    const files = all.filter(isCore);
    return (await runTests(["--no-prompt", "--parallel"], files)).success;
  }
  const isLong = suite === "long";
  return await runInLanes(
    all.filter((file) => !isCore(file) && LONG.test(file) === isLong),
  );
}

const [suite = "", ...rest] = Deno.args;
if (!["core", "real", "long"].includes(suite) || rest.length > 0) {
  const usage = "test: error: usage: tools/test.ts core|real|long\n";
  await Deno.stderr.write(new TextEncoder().encode(usage));
  Deno.exit(2);
}
if (!await runSuite(suite as Suite)) Deno.exit(1);
