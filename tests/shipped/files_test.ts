import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { completions } from "../../lib/cli/completions.ts";
import { manPages } from "../../lib/cli/man_pages.ts";
import {
  renderOptionTable,
  renderShippedFile,
} from "../../lib/config/option_text.ts";
import { renderOptions } from "../../tools/render_options.ts";

const CONF = "fail2ban-cluster.conf";
const OPTIONS = "docs/CONFIGURATION.md";
const METRICS = "docs/METRICS.md";
const ROOT = new URL("../../", import.meta.url);
const TOOL = new URL("tools/render_options.ts", ROOT).href;
const HINT = "differs: tools/render_options.ts writes it";
/** Manual pages and completions. */
const SHARED = Object.keys({ ...manPages(), ...completions() })
  .map((path) => `share/${path} ${HINT}`);
const NO_PLACE = [OPTIONS, METRICS].map((name) =>
  `${name} has no place for its table`
);

/** Runs what is given in a folder of its own, which goes afterwards. */
async function inFolder(run: (folder: URL) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await run(new URL(`file://${path}/`));
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("the shipped fail2ban-cluster.conf is what the table of options renders", async () => {
  strictEqual(
    await Deno.readTextFile(new URL(CONF, ROOT)),
    renderShippedFile(),
  );
});

Deno.test("render_options.ts --check finds the shipped files up to date, and needs to read only", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-read", TOOL, "--check"],
    stdout: "null",
  }).output();
  strictEqual(new TextDecoder().decode(stderr), "");
  strictEqual(code, 0);
});

Deno.test("render_options.ts refuses arguments that it does not know", async () => {
  for (const args of [["--chekc"], ["--check", "."]]) {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", TOOL, ...args],
      stdout: "null",
    }).output();
    strictEqual(code, 2);
    match(new TextDecoder().decode(stderr), /^usage: /);
  }
});

Deno.test("renderOptions() names each file that differs and changes none when it checks", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(new URL("docs", folder));
    const page = "<!-- options -->\nold\n<!-- /options -->\n";
    await Deno.writeTextFile(new URL(CONF, folder), "[general]\n");
    await Deno.writeTextFile(new URL(OPTIONS, folder), page);
    deepStrictEqual(await renderOptions(folder, true), [
      ...[`${CONF} ${HINT}`, `${OPTIONS} ${HINT}`],
      `${METRICS} has no place for its table`,
      ...SHARED,
    ]);
    strictEqual(await Deno.readTextFile(new URL(CONF, folder)), "[general]\n");
    strictEqual(await Deno.readTextFile(new URL(OPTIONS, folder)), page);
  });
});

Deno.test("renderOptions() misses files that are not there when it checks", async () => {
  await inFolder(async (folder) => {
    deepStrictEqual(await renderOptions(folder, true), [
      `${CONF} ${HINT}`,
      ...[...NO_PLACE, ...SHARED],
    ]);
    deepStrictEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

Deno.test("renderOptions() writes both files, keeps the rest of the page and the files' modes", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(new URL("docs", folder));
    const [conf, page] = [new URL(CONF, folder), new URL(OPTIONS, folder)];
    await Deno.writeTextFile(conf, "[general]\n", { mode: 0o600 });
    const old = "# A\n\n<!-- options -->old<!-- /options -->\n\n## B\n";
    await Deno.writeTextFile(page, old, { mode: 0o640 });
    const metrics = ["events", "message", "metrics"]
      .map((mark) => `<!-- ${mark} --><!-- /${mark} -->\n`).join("");
    await Deno.writeTextFile(new URL(METRICS, folder), metrics);
    deepStrictEqual(await renderOptions(folder, false), []);
    strictEqual(await Deno.readTextFile(conf), renderShippedFile());
    strictEqual(
      await Deno.readTextFile(page),
      `# A\n\n<!-- options -->\n\n${renderOptionTable()}\n<!-- /options -->\n\n## B\n`,
    );
    strictEqual(((await Deno.stat(conf)).mode ?? 0) & 0o777, 0o600);
    strictEqual(((await Deno.stat(page)).mode ?? 0) & 0o777, 0o640);
    deepStrictEqual(await renderOptions(folder, true), []);
  });
});

Deno.test("renderOptions() leaves a page without both marks as it is, and says so", async () => {
  const texts = [
    "# A\n",
    "<!-- options -->\n",
    "<!-- /options -->\n<!-- options -->\n",
  ];
  for (const text of texts) {
    await inFolder(async (folder) => {
      await Deno.mkdir(new URL("docs", folder));
      const page = new URL(OPTIONS, folder);
      await Deno.writeTextFile(page, text);
      deepStrictEqual(await renderOptions(folder, false), NO_PLACE);
      strictEqual(await Deno.readTextFile(page), text);
    });
  }
});

Deno.test("the table of options is Markdown that deno fmt leaves as it is", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(new URL("docs", folder));
    await Deno.writeTextFile(
      new URL(OPTIONS, folder),
      "# Options\n\n<!-- options --><!-- /options -->\n",
    );
    await renderOptions(folder, false);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "fmt",
        "--no-config",
        "--check",
        new URL(OPTIONS, folder).pathname,
      ],
      stdout: "null",
      env: { NO_COLOR: "1" },
    }).output();
    strictEqual(success, true, new TextDecoder().decode(stderr));
  });
});
