/**
 * What a program says on standard error, beside its log.
 *
 * @module
 */

import type { ProgramInfo } from "../../lib/cli/cli.ts";
import { describeError, type ExitCode } from "../../lib/base/errors.ts";
import { isStderrJournal } from "../../lib/log/io/journal_stream.ts";
import { journalPrefix } from "../../lib/log/line_prefix.ts";
import type { Severity } from "../../lib/log/log.ts";
import { writeText } from "./write_text.ts";

/** Tells the operator what is not as it should be, although the program can go on. */
export function warn(
  { name }: Pick<ProgramInfo, "name">,
  warnings: readonly string[],
): void {
  sayOnStderr(
    name,
    "warning",
    warnings.map((warning) => `warning: ${warning}`),
  );
}

/** Tells the operator something that is as it should be. */
export function note(
  { name }: Pick<ProgramInfo, "name">,
  notices: readonly string[],
): void {
  sayOnStderr(name, "notice", notices);
}

/**
 * Tells the operator why a program ends.
 *
 * @param name The program's name.
 * @param error Whatever was thrown.
 * @param isShared Whether the journal has another name for its process.
 * @returns The exit code.
 */
export function showError(
  name: string,
  error: unknown,
  isShared = false,
): ExitCode {
  const { exitCode, lines } = describeError(name, error);
  const isNamed = !isShared || !isStderrJournal();
  const texts = isNamed
    ? lines.map((line) => line.slice(`${name}: `.length))
    : lines;
  sayOnStderr(name, "error", texts);
  return exitCode;
}

/**
 * Says lines under the program's name; to the journal, which has that name, with
 * their priority instead.
 *
 * @param name The program's name.
 * @param severity How bad it is.
 * @param texts The lines, without line ends.
 */
export function sayOnStderr(
  name: string,
  severity: Severity,
  texts: readonly string[],
): void {
  const prefix = isStderrJournal() ? journalPrefix({ severity }) : `${name}: `;
  writeText(Deno.stderr, texts.map((text) => `${prefix}${text}\n`).join(""));
}
