import {
  deepStrictEqual,
  match,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { PrometheusRegistry } from "../../../lib/metrics/io/prometheus_registry.ts";
import { processSamples } from "../../../lib/metrics/io/process_samples.ts";
import { METRIC_NAMES, specOf } from "../../../lib/metrics/metric_table.ts";
import { sample } from "../../../lib/metrics/sample.ts";

function valuesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
}

Deno.test("PrometheusRegistry has exactly the metrics of its program", async () => {
  for (const program of ["publisher", "monitor", "subscriber"] as const) {
    const text = await new PrometheusRegistry(program).render([]);
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) =>
      name
    );
    deepStrictEqual(
      names.toSorted(),
      METRIC_NAMES.filter((name) => specOf(name).programs.includes(program))
        .toSorted(),
    );
  }
});

Deno.test("PrometheusRegistry renders the samples of now, and nothing of before", async () => {
  const registry = new PrometheusRegistry("publisher");
  const events = (node: string, count: number) =>
    sample("f2bc_publisher_events_total", count, { node, outcome: "known" });
  await registry.render([sample("f2bc_publisher_seq", 3), events("web1", 2)]);
  const lines = valuesOf(await registry.render([events("web2", 7)]));
  deepStrictEqual(lines.filter((it) => !it.includes("commit_duration")), [
    'f2bc_publisher_events_total{node="web2",outcome="known"} 7',
  ]);
});

Deno.test("PrometheusRegistry keeps what histograms were told, and escapes labels", async () => {
  const registry = new PrometheusRegistry("publisher");
  registry.observe("f2bc_publisher_commit_duration_seconds", 0.002);
  registry.observe("f2bc_publisher_commit_duration_seconds", 0.3);
  const odd = 'a"b\\c\nd';
  const text = await registry.render([
    sample("f2bc_publisher_quorum_pending", 1, { jail: odd }),
  ]);
  match(text, /duration_seconds_bucket\{le="0.001"\} 0\n/);
  match(text, /duration_seconds_bucket\{le="0.0025"\} 1\n/);
  match(text, /duration_seconds_bucket\{le="\+Inf"\} 2\n/);
  ok(text.includes(String.raw`{jail="a\"b\\c\nd"} 1`));
});

Deno.test("PrometheusRegistry refuses a metric that its program does not have", async () => {
  const registry = new PrometheusRegistry("monitor");
  await rejects(registry.render([sample("f2bc_publisher_seq", 1)]), RangeError);
});

Deno.test("processSamples() are of this process", () => {
  const startedMs = Date.now() - 5_000;
  const values = new Map(
    [...processSamples(startedMs)].map(({ name, value }) => [name, value]),
  );
  strictEqual(values.get("process_start_time_seconds"), startedMs / 1_000);
  ok((values.get("process_resident_memory_bytes") ?? 0) > 10_000_000);
  ok((values.get("process_cpu_seconds_total") ?? 0) > 0);
});
