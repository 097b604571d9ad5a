import { ok } from "node:assert/strict";
import { PROJECT } from "../../support/install/installer.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

Deno.test("the demo shows a ban on its way, in a folder with any name", async () => {
  await using dir = await TempDir.create();
  const folder = dir.path("50% of #1 \u{e9}");
  await Deno.symlink(PROJECT, folder);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "-A", "--config", `${folder}/deno.json`],
      `${folder}/tools/demo.ts`,
    ],
  }).output();
  const decoder = new TextDecoder();
  ok(success, decoder.decode(stdout) + decoder.decode(stderr));
});
