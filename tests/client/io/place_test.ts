import { match, notStrictEqual, strictEqual } from "node:assert/strict";
import { placeOf } from "../../../lib/client/io/place.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

Deno.test("placeOf() names a state folder of this host: the same each time, another for a copy", async () => {
  await using dir = await TempDir.create();
  const [one, copy] = ["one", "copy"].map((name) => dir.path(name));
  for (const path of [one, copy]) await Deno.mkdir(path ?? "");
  const place = await placeOf(one ?? "");
  match(place, /^[0-9a-f]{32}$/);
  strictEqual(await placeOf(one ?? ""), place);
  await Deno.writeTextFile(`${one}/monitor.position`, "changed");
  strictEqual(await placeOf(one ?? ""), place);
  notStrictEqual(await placeOf(copy ?? ""), place);
});

Deno.test("placeOf() of a folder that is not there, or may not be looked at, is a place all the same", async () => {
  await using dir = await TempDir.create();
  match(await placeOf(dir.path("none")), /^[0-9a-f]{32}$/);
});
