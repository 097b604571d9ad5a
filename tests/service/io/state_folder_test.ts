import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  findStateFolder,
  hasServiceManager,
} from "../../../lib/service/io/state_folder.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

Deno.test("a folder that is missing, or stands under a file, is nobody's", async () => {
  await using dir = await TempDir.create();
  const file = await dir.write("file", "");
  strictEqual(await findStateFolder(dir.path("missing")), undefined);
  strictEqual(await findStateFolder(`${file}/folder`), undefined);
});

testWith(
  "setpriv",
  "a folder's owner has a name, or is a number where no user has it",
  async () => {
    await using dir = await TempDir.create();
    const path = dir.path();
    deepStrictEqual(await findStateFolder(path), {
      path,
      uid: 0,
      gid: 0,
      owner: "root",
    });
    await Deno.chown(path, 65534, null);
    const { uid, owner } = await findStateFolder(path) ?? {};
    deepStrictEqual({ uid, owner }, { uid: 65534, owner: "nobody" });
    await Deno.chown(path, 4_000_000, null);
    strictEqual((await findStateFolder(path))?.owner, "4000000");
    await Deno.chown(path, 0, null);
  },
);

Deno.test("systemd is a host's service manager where it says so itself", async () => {
  const { success } = await new Deno.Command("test", {
    args: ["-d", "/run/systemd/system"],
  }).output();
  strictEqual(await hasServiceManager(), success);
});
