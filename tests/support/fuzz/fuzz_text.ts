/**
 * Formats the fuzzer's runs for people.
 *
 * @module
 */

import type { FuzzInput } from "./fuzz_target.ts";
import type { FuzzReport } from "./fuzz_run.ts";

const MAX_SHOWN_LENGTH = 2_000;

/**
 * One line for a run, followed by its finding.
 *
 * @param report The run's result.
 * @param seed The run's seed.
 */
export function describeRun(
  report: FuzzReport,
  seed: number,
): readonly string[] {
  const { target, inputs, accepted, rejected, slowest, finding } = report;
  const seconds = (report.tookMs / 1_000).toFixed(1);
  const line = [
    `${target.padEnd(10)} ${inputs} inputs`,
    `${accepted} accepted`,
    `${rejected} rejected`,
    `${seconds} s`,
    `slowest ${slowest.tookMs.toFixed(1)} ms (${slowest.number})`,
  ].join(", ");
  if (finding === undefined) return [line];
  return [
    line,
    `${target}: FOUND with input ${finding.number}: ${finding.message}`,
    `  ${describeInput(finding.short)}`,
    `  again: deno task fuzz --target ${target} --seed ${seed} --input ${finding.number}`,
  ];
}

/** An input in one line: its variant, then its frames. */
export function describeInput({ variant, frames }: FuzzInput): string {
  const shown = [variant, ...frames.map(describeFrame)].join(" ");
  return shown.length <= MAX_SHOWN_LENGTH
    ? shown
    : `${shown.slice(0, MAX_SHOWN_LENGTH)}...`;
}

/** A frame like a C string: non-printable bytes are escaped. */
function describeFrame(frame: Uint8Array): string {
  const bytes = Array.from(
    frame,
    (byte) =>
      byte < 0x20 || byte > 0x7e
        ? `\\x${byte.toString(16).padStart(2, "0")}`
        : String.fromCharCode(byte).replace(/["\\]/, "\\$&"),
  );
  return `"${bytes.join("")}"`;
}
