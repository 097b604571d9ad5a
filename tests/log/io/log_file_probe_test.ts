import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { findLogFileTrouble } from "../../../lib/log/io/log_file_probe.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

Deno.test("a log file that can be made or appended to is no trouble, and is left as it is", async () => {
  await using dir = await TempDir.create();
  const there = await dir.write("a.log", "line\n");
  strictEqual(await findLogFileTrouble(there), undefined);
  strictEqual(await Deno.readTextFile(there), "line\n");
  strictEqual(await findLogFileTrouble(dir.path("b.log")), undefined);
  deepStrictEqual(
    (await Array.fromAsync(Deno.readDir(dir.path()))).map(({ name }) => name),
    ["a.log"],
  );
});

Deno.test("what keeps a log file from being written is said", async () => {
  await using dir = await TempDir.create();
  strictEqual(
    await findLogFileTrouble(dir.path("missing/a.log")),
    `there is no ${dir.path("missing")}`,
  );
  strictEqual(await findLogFileTrouble(dir.path()), "it is a folder");
  const file = await dir.write("file", "");
  strictEqual(await findLogFileTrouble(`${file}/a.log`), "Not a directory");
});
