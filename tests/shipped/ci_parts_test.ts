import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { TempDir } from "../support/host/temp_dir.ts";

const SCRIPT = decodeURIComponent(new URL("../../", import.meta.url).pathname) +
  ".ci/install_parts";

/** What apt-get is asked for where dpkg says that of each part. */
async function askedFor(states: string, code = 0): Promise<string[]> {
  await using dir = await TempDir.create();
  const asked = dir.path("asked");
  await dir.write(
    "dpkg-query",
    `#!/bin/sh\nprintf '${states}'\nexit ${code}\n`,
    0o755,
  );
  await dir.write("apt-get", `#!/bin/sh\necho "$1" >>${asked}\n`, 0o755);
  await dir.write("sudo", '#!/bin/sh\nexec "$@"\n', 0o755);
  const { success } = await new Deno.Command("bash", {
    args: [SCRIPT],
    env: { PATH: `${dir.path()}:${Deno.env.get("PATH")}` },
  }).output();
  strictEqual(success, true);
  await Deno.writeTextFile(asked, "", { append: true });
  return (await Deno.readTextFile(asked)).split("\n").slice(0, -1);
}

Deno.test("the parts that tests talk to are installed where one is missing, or was removed", async () => {
  deepStrictEqual(await askedFor("installed\\ninstalled\\n"), []);
  const all = ["update", "install"];
  deepStrictEqual(await askedFor("installed\\nconfig-files\\n"), all);
  deepStrictEqual(await askedFor("installed\\nnot-installed\\n"), all);
  deepStrictEqual(await askedFor("installed\\n", 1), all);
});
