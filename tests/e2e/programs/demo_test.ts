import { deepStrictEqual, match, ok } from "node:assert/strict";
import { shownBlock } from "../../support/install/shown_commands.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { PROJECT } from "../../support/install/installer.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

/** Processes that were started with a folder for what is temporary. */
async function startedWith(dir: TempDir): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // It may have ended since, or be another user's.
    const environ = await Deno.readTextFile(`/proc/${name}/environ`)
      .catch(() => "");
    if (environ.includes(`TMPDIR=${dir.path()}\0`)) found.push(name);
  }
  return found;
}

/** What `deno task` says of itself. */
const TASK = /^\S*Task\S* \S*demo\S* .*\n/;

async function runDemo(line: string, closes: RegExp): Promise<void> {
  await using dir = await TempDir.create();
  await using temporary = await TempDir.create();
  const folder = dir.path("50% of #1 \u{e9}");
  await Deno.symlink(PROJECT, folder);
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `cd "$0"; ${line}`, folder],
    env: {
      DENO: Deno.execPath(),
      NO_COLOR: "1",
      TMPDIR: temporary.path(),
    },
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  ok(success, out + err);
  match(out.trimEnd().split("\n").at(-1) ?? "", closes);
  deepStrictEqual(
    [err.replace(TASK, ""), await startedWith(temporary)],
    ["", []],
  );
  deepStrictEqual(await Array.fromAsync(Deno.readDir(temporary.path())), []);
}

testWith(
  "npm",
  "README's demo shows a ban on its way, in a folder with any name, and leaves nothing",
  async () => {
    await runDemo(
      await shownBlock("README.md", "task demo"),
      /^seen: in force on web2 \d+ ms after .*; hub killed and back with 2 of 2 bans, .*; all stopped and removed after \d/,
    );
  },
);

Deno.test("tools/demo_old.ts shows a ban on its way, in a folder with any name, and leaves nothing", async () => {
  await runDemo(
    '"$DENO" run -A --config "$0/deno.json" "$0/tools/demo_old.ts"',
    /^everything is stopped and removed, after \d/,
  );
});
