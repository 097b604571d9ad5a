/**
 * `deno task test:real`: the tests with real parts, in two lanes side by side,
 * and those by themselves that measure how long others have to wait. Those of
 * whole clusters wait most of the time, for what takes its time in the world;
 * one after the other all of them would take longer than anybody waits.
 *
 * @module
 */

/** By themselves, last. */
const ALONE = /^tests\/e2e\/members_(hostile|limits)_/;
/** Files of one lane begin so; the other lane has the rest. */
const CLUSTER_LANE =
  /^tests\/e2e\/(acting|bad_input|faults|members|protocol2|stops)_/;
const FOLDERS = ["tests/io", "tests/contracts", "tests/roles", "tests/e2e"];

interface Ended {
  readonly success: boolean;
  /** What it printed, where that was kept. */
  readonly output: string;
}

async function testFiles(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const folder of FOLDERS) {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith("_test.ts")) files.push(`${folder}/${name}`);
    }
  }
  return files.sort();
}

/** Both outputs at once nobody could read: one is printed when it is whole. */
async function runLane(
  files: readonly string[],
  shows: "now" | "at its end",
): Promise<Ended> {
  const stdio = shows === "now" ? "inherit" : "piped";
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...files],
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

const all = await testFiles();
const files = all.filter((file) => !ALONE.test(file));
const lanes = await Promise.all([
  runLane(files.filter((file) => !CLUSTER_LANE.test(file)), "now"),
  runLane(files.filter((file) => CLUSTER_LANE.test(file)), "at its end"),
]);
for (const { output } of lanes) {
  await new Blob([output]).stream().pipeTo(Deno.stdout.writable, {
    preventClose: true,
  });
}
const alone = await runLane(all.filter((file) => ALONE.test(file)), "now");
if (![...lanes, alone].every(({ success }) => success)) Deno.exit(1);
