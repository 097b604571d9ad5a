import { deepStrictEqual, match, ok } from "node:assert/strict";
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

for (
  const [tool, closes] of [
    [
      "demo",
      /^seen: in force on web2 \d+ ms after .*; hub killed and back with 2 of 2 bans, .*; all stopped and removed after \d/,
    ],
    ["demo_old", /^everything is stopped and removed, after \d/],
  ] as const
) {
  Deno.test(`tools/${tool}.ts shows a ban on its way, in a folder with any name, and leaves nothing`, async () => {
    await using dir = await TempDir.create();
    await using temporary = await TempDir.create();
    const folder = dir.path("50% of #1 \u{e9}");
    await Deno.symlink(PROJECT, folder);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          ...["run", "-A", "--config", `${folder}/deno.json`],
          `${folder}/tools/${tool}.ts`,
        ],
        env: { TMPDIR: temporary.path() },
      },
    ).output();
    const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    ok(success, out + err);
    match(out.trimEnd().split("\n").at(-1) ?? "", closes);
    deepStrictEqual([err, await startedWith(temporary)], ["", []]);
    deepStrictEqual(await Array.fromAsync(Deno.readDir(temporary.path())), []);
  });
}
