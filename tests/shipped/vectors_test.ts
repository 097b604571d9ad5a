import { strictEqual } from "node:assert/strict";

Deno.test("the vectors are visible ASCII, so that a letter that looks like another is seen", async () => {
  for (const name of ["protocol2_valid", "protocol2_invalid"]) {
    const file = new URL(`../vectors/${name}.json`, import.meta.url);
    const strange = /[^\n\x20-\x7e]/.exec(await Deno.readTextFile(file));
    strictEqual(strange, null, name);
  }
});
