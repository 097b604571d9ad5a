import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { isMetricName } from "../../lib/metrics/metric_table.ts";
import { testWith } from "../support/host/real_parts.ts";

const FOLDER = new URL("../../docs/grafana/", import.meta.url).pathname;

const WATCHED = new URL("../e2e/watched/", import.meta.url).pathname;

/** What dashboard and rules ask Prometheus for. */
async function namesIn(file: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(`${FOLDER}${file}`);
  return [...new Set(text.match(/\b(?:f2bc|process)_[a-z_]+/g) ?? [])];
}

/** A histogram is asked for by its parts. */
function metricOf(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, "");
}

for (const file of ["dashboard.json", "alerts.yml"]) {
  Deno.test(`every metric in docs/grafana/${file} is in the table`, async () => {
    const names = await namesIn(file);
    ok(names.length > 5);
    deepStrictEqual(names.filter((it) => !isMetricName(metricOf(it))), []);
  });
}

Deno.test("each alert is made to fire by its fault in a test of real programs", async () => {
  const rules = await Deno.readTextFile(`${FOLDER}alerts.yml`);
  const names = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  ok(names.length > 5);
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(WATCHED)) {
    if (name.startsWith("alerts_")) {
      texts.push(await Deno.readTextFile(`${WATCHED}${name}`));
    }
  }
  const isCaused = (name = "") =>
    texts.some((text) => text.includes(`"${name}"`));
  deepStrictEqual(names.filter((it) => !isCaused(it)), []);
});

for (
  const args of [["check", "rules", "alerts.yml"], [
    "test",
    "rules",
    "alerts_test.yml",
  ]]
) {
  testWith(
    "promtool",
    `promtool ${args.join(" ")} finds nothing wrong with the alert rules`,
    async () => {
      const { code, stdout, stderr } = await new Deno.Command("promtool", {
        args,
        cwd: FOLDER,
      }).output();
      const decoder = new TextDecoder();
      strictEqual(code, 0, decoder.decode(stdout) + decoder.decode(stderr));
    },
  );
}

testWith(
  "promtool",
  "every query of the dashboard is one that Prometheus can read",
  async () => {
    const dashboard = JSON.parse(
      await Deno.readTextFile(`${FOLDER}dashboard.json`),
    );
    const queries: readonly string[] = dashboard.panels.flatMap(
      (
        { targets }: { readonly targets: readonly { readonly expr: string }[] },
      ) => targets.map(({ expr }) => expr),
    );
    const rules = queries.map((expr, at) => ({ record: `query:${at}`, expr }));
    const path = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(
        path,
        JSON.stringify({ groups: [{ name: "dashboard", rules }] }),
      );
      const { code, stderr } = await new Deno.Command("promtool", {
        args: ["check", "rules", path],
      }).output();
      strictEqual(code, 0, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(path);
    }
  },
);
