/**
 * A program's messages on standard error, beside its log.
 *
 * @module
 */

import type { ProgramInfo } from "../../lib/cli/cli.ts";
import { describeError, type ExitCode } from "../../lib/base/errors.ts";
import { isStderrJournal } from "../../lib/log/io/journal_stream.ts";
import { journalPrefix } from "../../lib/log/line_prefix.ts";
import type { Severity } from "../../lib/log/log.ts";
import { writeText } from "./write_text.ts";

/** Prints warnings: problems with which the program can go on. */
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

/** Prints notices, which are no problems. */
export function note(
  { name }: Pick<ProgramInfo, "name">,
  notices: readonly string[],
): void {
  sayOnStderr(name, "notice", notices);
}

/**
 * Prints the error that ends a program.
 *
 * @param name The program's name.
 * @param error The thrown value.
 * @param isShared Whether its process has another name in the journal.
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
 * Prints lines with the program's name as prefix. The journal, which adds the
 * name itself, gets their priority instead.
 *
 * @param name The program's name.
 * @param severity The severity of the lines.
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
