/**
 * Tests the alert rules of `docs/grafana/` with real metrics. Needs the part
 * `promtool` of `real_parts.ts`.
 *
 * @module
 */

import type { NetworkNamespace } from "../host/network_namespace.ts";

const RULES = new URL("../../../docs/grafana/alerts.yml", import.meta.url);
const JOB = "fail2ban-cluster";

/** The metrics of a program at a time. */
export interface Scrape {
  /**
   * Values by name and labels as written; `undefined` when it did not answer.
   */
  readonly values: ReadonlyMap<string, number> | undefined;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** A program that was scraped twice in one condition. */
export interface Watched {
  readonly instance: string;
  readonly first: Scrape;
  readonly second: Scrape;
}

/** The expected alert if the condition lasts. */
export interface AlertCase {
  readonly watched: readonly Watched[];
  /** The alert that fires; `undefined` when none fires or is pending. */
  readonly alert: string | undefined;
  /** Duration of the condition, in minutes. */
  readonly minutes: number;
}

/** Scrapes a program's metrics. */
export async function scrape(url: string): Promise<Scrape> {
  const atMs = Date.now();
  try {
    const response = await fetch(`${url}/metrics`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
    return { values: valuesIn(text), atMs };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { values: undefined, atMs };
  }
}

/** Scrapes a program in a network namespace. */
export async function scrapeWithin(
  namespace: NetworkNamespace,
  url: string,
): Promise<Scrape> {
  const atMs = Date.now();
  const text = await namespace.run("curl", "-sS", `${url}/metrics`);
  return { values: valuesIn(text), atMs };
}

function valuesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

/**
 * Runs promtool with the rules on the metrics, extrapolated without changes.
 *
 * @returns The differences; empty for none.
 */
export async function tryAlerts(cases: readonly AlertCase[]): Promise<string> {
  const rules = await Deno.readTextFile(RULES);
  const asked = new Set(rules.match(/\bf2bc_[a-z_]+/g) ?? []);
  const dir = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    await Deno.writeTextFile(`${dir}/alerts.yml`, rules);
    const tests = cases.map((each) => testOf(each, asked));
    const path = `${dir}/test.yml`;
    const file = { "rule_files": ["alerts.yml"], "evaluation_interval": "1m" };
    await Deno.writeTextFile(path, JSON.stringify({ ...file, tests }));
    const { success, stdout, stderr } = await new Deno.Command("promtool", {
      args: ["test", "rules", path],
    }).output();
    const [out, err] = [stdout, stderr].map((it) =>
      new TextDecoder().decode(it)
    );
    return success ? "" : `${out}${err}`;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** JSON is valid YAML. */
function testOf(
  { watched, alert, minutes }: AlertCase,
  asked: ReadonlySet<string>,
) {
  const of = alert === undefined
    ? "ALERTS"
    : `ALERTS{alertstate="firing",alertname="${alert}"}`;
  return {
    name: alert ?? "all is well",
    interval: "1m",
    "input_series": watched.flatMap((each) => seriesOf(each, asked, minutes)),
    "promql_expr_test": [{
      expr: `group by (alertname) (${of})`,
      "eval_time": `${minutes}m`,
      "exp_samples": alert === undefined
        ? []
        : [{ labels: `{alertname="${alert}"}`, value: 1 }],
    }],
  };
}

/**
 * Continues each value as between the two scrapes; the second is at 0, where
 * promtool's time starts.
 */
function seriesOf(
  { instance, first, second }: Watched,
  asked: ReadonlySet<string>,
  minutes: number,
) {
  const own = `instance="${instance}",job="${JOB}"`;
  const up = {
    series: `up{${own}}`,
    values: `${second.values === undefined ? 0 : 1}x${minutes}`,
  };
  const seconds = (second.atMs - first.atMs) / 1_000;
  const others = [...second.values ?? []].flatMap(([key, value]) => {
    const [name = "", labels = ""] = key.replace(/\}$/, "").split("{");
    if (!asked.has(name)) return [];
    const before = first.values?.get(key) ?? value;
    const perMinute = seconds > 0 ? (value - before) / seconds * 60 : 0;
    const start = name.endsWith("_timestamp_seconds")
      ? value - second.atMs / 1_000
      : value;
    const all = [labels, own].filter((part) => part !== "").join(",");
    const step = `${perMinute < 0 ? "-" : "+"}${
      Math.abs(perMinute).toFixed(6)
    }`;
    const values = `${start.toFixed(6)}${step}x${minutes}`;
    return [{ series: `${name}{${all}}`, values }];
  });
  return [up, ...others];
}
