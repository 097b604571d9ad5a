import { deepStrictEqual, match, ok } from "node:assert/strict";
import {
  isMetricName,
  METRIC_NAMES,
  specOf,
} from "../../lib/metrics/metric_table.ts";

/** What dashboard and rules ask Prometheus for. */
async function namesIn(path: string): Promise<readonly string[]> {
  const url = new URL(`../../docs/grafana/${path}`, import.meta.url);
  const text = await Deno.readTextFile(url);
  return [
    ...new Set(text.match(/\b(?:f2bc|process)_[a-z_]+/g) ?? []),
  ];
}

/** A histogram is asked for by its parts. */
function metricOf(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, "");
}

Deno.test("METRICS are named as Prometheus names metrics", () => {
  for (const name of METRIC_NAMES) {
    const { type, help, labels, programs, buckets } = specOf(name);
    match(name, /^(?:f2bc|process)_[a-z_]+$/);
    match(help, /^[A-Z0-9].*[^.]$|^.*\.$/s, name);
    deepStrictEqual(name.endsWith("_total"), type === "counter", name);
    deepStrictEqual(buckets !== undefined, type === "histogram", name);
    if (type === "histogram") ok(name.endsWith("_seconds"), name);
    ok(programs.length > 0, name);
    for (const label of labels) match(label, /^[a-z_]+$/);
    ok(!labels.some((label) => /address|ip/.test(label)), name);
    const bounds = [...buckets ?? []];
    deepStrictEqual(bounds, bounds.toSorted((a, b) => a - b), name);
  }
});

for (const path of ["dashboard.json", "alerts.yml"]) {
  Deno.test({
    name: `every metric in docs/grafana/${path} is in the table`,
    permissions: { read: true },
    fn: async () => {
      const names = await namesIn(path);
      ok(names.length > 5);
      deepStrictEqual(names.filter((it) => !isMetricName(metricOf(it))), []);
    },
  });
}
