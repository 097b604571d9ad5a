import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { OPTIONS } from "../../lib/config/options.ts";
import { clusterPicture } from "../../tools/render_picture.ts";

const ROOT = new URL("../../", import.meta.url);
const THEMES = ["light", "dark"] as const;

for (const theme of THEMES) {
  Deno.test(`the ${theme} picture in docs/pictures is what deno task pictures writes`, async () => {
    const path = new URL(`docs/pictures/cluster-${theme}.svg`, ROOT);
    strictEqual(await Deno.readTextFile(path), clusterPicture(theme));
  });

  Deno.test(`the ${theme} picture names the ports, loads nothing, and closes each element`, () => {
    const picture = clusterPicture(theme);
    const { controlbindurl, streambindurl } = OPTIONS.publisher;
    for (const { default: url } of [controlbindurl, streambindurl]) {
      const port = /\d+$/.exec(`${url}`)?.[0];
      match(picture, new RegExp(`>[^<]*port ${port}<`));
    }
    deepStrictEqual(picture.match(/(?:href|url)\(?="?[^#"]/g), null);
    const open: string[] = [];
    for (
      const [, end, name, empty] of picture.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)
    ) {
      if (end === "/") strictEqual(open.pop(), name);
      else if (empty !== "/") open.push(name ?? "");
    }
    deepStrictEqual(open, []);
  });
}

Deno.test("both pictures differ in their colours only", () => {
  const [light, dark] = THEMES.map((theme) =>
    clusterPicture(theme).replace(/#[0-9a-f]{6}/g, "#")
  );
  strictEqual(light, dark);
  ok(clusterPicture("light") !== clusterPicture("dark"));
});
