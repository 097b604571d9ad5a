import { ok, strictEqual } from "node:assert/strict";
import { builtPage } from "../../tools/render_page.ts";

const BUILT = new URL("../../roles/program/built_page.json", import.meta.url);

Deno.test("what the publisher serves is made of page/ as it is: deno run -A tools/render_page.ts", async () => {
  const built = await builtPage();
  ok(await Deno.readTextFile(BUILT) === built, "built_page.json differs");
  const { files } = JSON.parse(built);
  strictEqual(files[0].path, "/");
  ok(files.length > 15);
});
