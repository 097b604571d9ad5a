import { strictEqual } from "node:assert/strict";
import { areLocal } from "../../../lib/tail/io/local_disk.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

Deno.test("areLocal() takes a host's own disks for local, and nothing else that it can't be sure of", async () => {
  await using dir = await TempDir.create();
  strictEqual(await areLocal([dir.path()]), true);
  strictEqual(await areLocal(["/dev/shm"]), true);
  strictEqual(await areLocal(["/proc/self"]), false);
  strictEqual(await areLocal([dir.path(), "/proc/self"]), false);
  strictEqual(await areLocal([dir.path("missing")]), false);
});
