/**
 * Checks how the configuration was read.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import { type ConfigProblem, describeProblem } from "../base/errors.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** How the configuration was read. */
export type ConfigFacts =
  | {
    readonly kind: "good";
    /** Its files: `*.conf`, then `*.local` where there is one. */
    readonly files: readonly string[];
    /** Lines of the `*.local` that set something. */
    readonly localLines: number;
    /** What the programs warn of, each once. */
    readonly warnings: readonly string[];
  }
  | {
    readonly kind: "wrong";
    readonly problems: readonly ConfigProblem[];
    readonly hint: string | undefined;
  };

const SUBJECT = "configuration";

/** One finding for each thing that is wrong in it. */
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

/** A line that can't be read is made a comment: its default holds then. */
function problemFix(
  { file, line, expected }: ConfigProblem,
  hint: string | undefined,
): string | undefined {
  if (line !== undefined) return `sed -i '${line}s/^/# /' ${shellWord(file)}`;
  return /this user may read/.test(expected)
    ? "sudo fail2ban-cluster doctor"
    : hint;
}

/** A file with a secret that everybody may read. */
function warningFix(text: string): string | undefined {
  const [, file] = /^(\S+): expected mode 0600/.exec(text) ?? [];
  return file === undefined ? undefined : `chmod o-rwx ${shellWord(file)}`;
}
