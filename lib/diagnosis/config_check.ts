/**
 * Checks the configuration.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import { type ConfigProblem, describeProblem } from "../base/errors.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** The result of reading the configuration. */
export type ConfigFacts =
  | {
    readonly kind: "good";
    /** Its files: `*.conf`, then `*.local` if it exists. */
    readonly files: readonly string[];
    /** Number of lines in the `*.local` that set an option. */
    readonly localLines: number;
    /** The programs' warnings, without repetitions. */
    readonly warnings: readonly string[];
  }
  | {
    readonly kind: "wrong";
    readonly problems: readonly ConfigProblem[];
    readonly hint: string | undefined;
  };

const SUBJECT = "configuration";

/** Checks the configuration; returns one finding for each problem. */
export function checkConfig(facts: ConfigFacts): readonly Finding[] {
  switch (facts.kind) {
    case "good": {
      const { files: [main = "", local], localLines, warnings } = facts;
      const lines = localLines === 1 ? "1 line" : `${localLines} lines`;
      const more = local === undefined ? "" : `, ${lines} of .local`;
      return [
        fine(SUBJECT, `${main}${more}`),
        ...warnings.map((text) => warning(SUBJECT, text, warningFix(text))),
      ];
    }
    case "wrong":
      return facts.problems.map((problem) =>
        fault(
          SUBJECT,
          describeProblem(problem),
          problemFix(problem, facts.hint),
        )
      );
  }
}

/** Comments out an invalid line, so that the default applies. */
function problemFix(
  { file, line, expected }: ConfigProblem,
  hint: string | undefined,
): string | undefined {
  if (line !== undefined) return `sed -i '${line}s/^/# /' ${shellWord(file)}`;
  return /this user may read/.test(expected)
    ? "sudo fail2ban-cluster doctor"
    : hint;
}

/** Fixes the rights of a file with a secret that every user may read. */
function warningFix(text: string): string | undefined {
  const [, file] = /^(\S+): expected mode 0600/.exec(text) ?? [];
  return file === undefined ? undefined : `chmod o-rwx ${shellWord(file)}`;
}
