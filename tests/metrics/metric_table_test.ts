import { deepStrictEqual, match, ok } from "node:assert/strict";
import { METRIC_NAMES, specOf } from "../../lib/metrics/metric_table.ts";

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
