/**
 * Assembles a bug report: the programs and their versions, the setup of the
 * host, and the last log lines.
 *
 * @module
 */

/** A part of a report. */
export interface ReportPart {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** The content of a report. */
export interface ReportFacts {
  /** When it was made, in milliseconds since 1970. */
  readonly atMs: number;
  /** Programs and systems with their versions. */
  readonly versions: readonly (readonly [name: string, version: string])[];
  readonly parts: readonly ReportPart[];
  readonly showsAddresses: boolean;
}

const UNKNOWN = "not found";

/**
 * Assembles a report, still unmasked.
 *
 * @param facts The content.
 * @returns Its lines.
 */
export function reportLines(facts: ReportFacts): readonly string[] {
  const { atMs, versions, parts, showsAddresses } = facts;
  const width = Math.max(...versions.map(([name]) => name.length));
  return [
    `fail2ban-cluster report, ${new Date(atMs).toISOString()}`,
    showsAddresses
      ? "addresses are shown; names of hosts are masked, and so are secrets"
      : "addresses and names of hosts are hashed, the same to the same; secrets are masked",
    ...partLines({
      heading: "versions",
      lines: versions.map(([name, version]) =>
        `${name.padEnd(width)}  ${version === "" ? UNKNOWN : version}`
      ),
    }),
    ...parts.flatMap(partLines),
  ];
}

function partLines({ heading, lines }: ReportPart): readonly string[] {
  return ["", `== ${heading}`, ...(lines.length === 0 ? ["(nothing)"] : lines)];
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): readonly string[] {
  return text.split("\n").filter((line) => line !== "").slice(-count);
}

/**
 * The first version in the output of a program.
 *
 * @example
 * ```ts
 * import { versionIn } from "./report.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(versionIn("Fail2Ban v1.0.2\n"), "1.0.2");
 * strictEqual(versionIn(undefined), "");
 * ```
 */
export function versionIn(printed: string | undefined): string {
  return /\d+(?:\.\d+)+[\w.+~-]*/.exec(printed ?? "")?.[0] ?? "";
}

/** The distribution's name in `os-release`. */
export function distributionIn(text: string | undefined): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text ?? "")?.[1] ?? "";
}
