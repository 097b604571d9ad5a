/**
 * A running program's report about itself.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/** Counters and states of a program, by name. */
export type StatusFigures = Readonly<Record<string, string | number | boolean>>;

/** The answer to `status`. */
export interface StatusReport {
  /** The program's name. */
  readonly program: string;
  readonly version: string;
  readonly pid: number;
  /** This node's name. */
  readonly node: string;
  /** The program whose process it shares; missing if it has its own. */
  readonly within?: string;
  /** Time since its start, in seconds. */
  readonly upSeconds: number;
  readonly figures: StatusFigures;
}

/**
 * Renders a report as text.
 *
 * @param report The report.
 * @returns Lines, each with its line end.
 *
 * @example
 * ```ts
 * import { renderStatus } from "./status_report.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   renderStatus({
 *     program: "fail2ban-monitor",
 *     version: "1.0.0",
 *     pid: 123,
 *     node: "web-1",
 *     upSeconds: 3_725,
 *     figures: { reported: 3 },
 *   }),
 *   "fail2ban-monitor 1.0.0 runs on web-1 with process id 123, for 1h 2m\n  reported  3\n",
 * );
 * ```
 */
export function renderStatus(report: StatusReport): string {
  const { program, version, pid, node, within, upSeconds } = report;
  const shared = within === undefined ? "" : ` of ${within}`;
  const rows = Object.entries(report.figures);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return [
    `${program} ${version} runs on ${node} with process id ${pid}${shared}, for ${
      renderUptime(upSeconds)
    }`,
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    "",
  ].join("\n");
}

/** Encodes a report as one line of JSON. */
export function encodeStatus(report: StatusReport): string {
  return `${JSON.stringify(report)}\n`;
}

/**
 * Decodes a report that {@link encodeStatus} wrote.
 *
 * @param text The program's answer.
 * @throws {RuntimeError} when it is anything else.
 */
export function decodeStatus(text: string): StatusReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RuntimeError("the running program's answer was not understood", {
      cause: error,
    });
  }
  if (!isReport(value)) {
    throw new RuntimeError("the running program is of another version", {
      hint: "restart it",
    });
  }
  return value;
}

function isReport(value: unknown): value is StatusReport {
  if (typeof value !== "object" || value === null) return false;
  const { program, version, pid, node, upSeconds, figures }: {
    readonly [K in keyof StatusReport]?: unknown;
  } = value;
  return typeof program === "string" && typeof version === "string" &&
    typeof pid === "number" && typeof node === "string" &&
    typeof upSeconds === "number" && typeof figures === "object" &&
    figures !== null;
}

function renderUptime(seconds: number): string {
  const units = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]] as const;
  let rest = Math.floor(seconds);
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.slice(0, 2).join(" ") || "0s";
}

/**
 * Adds a prefix to the names of counters.
 *
 * @param prefix The counters' subject, such as `replica`.
 * @param counters Some counters.
 */
export function prefixedFigures(
  prefix: string,
  counters: object,
): StatusFigures {
  return Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [
      `${prefix}.${name}`,
      value,
    ]),
  );
}
