/**
 * The command line of each program, from the tables of the parsers, for manual
 * pages and completions.
 *
 * @module
 */

import { ROLE_OPTIONS, ROLE_SUMMARIES, verbsOf } from "./cli.ts";
import {
  CLUSTER_OPTIONS,
  CLUSTER_PROGRAM,
  CLUSTER_SUMMARY,
} from "./cluster_cli.ts";
import { CLUSTER_VERBS, type VerbUsage } from "./cluster_verbs.ts";

/** An option. */
export interface UsedOption {
  /** Without hyphens. */
  readonly name: string;
  /** One letter; `undefined`: it has none. */
  readonly short: string | undefined;
  /** Placeholder of its value; `undefined`: it takes none. */
  readonly value: string | undefined;
  /** Its possible values; empty: they can't be listed. */
  readonly choices: readonly string[];
  readonly help: string;
}

/** A verb. */
export interface UsedVerb {
  /** One or two words. */
  readonly words: string;
  /** As in `NAME...`; empty: none. */
  readonly operands: string;
  readonly about: string;
  readonly options: readonly UsedOption[];
}

/** A program. */
export interface ProgramUsage {
  readonly name: string;
  /** Section of the manual. */
  readonly section: 1 | 8;
  readonly summary: string;
  readonly verbs: readonly UsedVerb[];
  /** Options of every verb. */
  readonly common: readonly UsedOption[];
}

/** Every program, the operator's command first. */
export function programUsages(): readonly ProgramUsage[] {
  const roles = ["monitor", "node", "publisher", "subscriber"] as const;
  return [
    {
      name: CLUSTER_PROGRAM,
      section: 1,
      summary: CLUSTER_SUMMARY,
      verbs: Object.entries<VerbUsage>(CLUSTER_VERBS).map(([words, usage]) => ({
        words,
        operands: usage.operands,
        about: usage.about,
        options: Object.entries(usage.options).map(
          ([name, { value, choices, help }]) => ({
            name,
            short: undefined,
            value,
            choices: choices ?? [],
            help,
          }),
        ),
      })),
      common: CLUSTER_OPTIONS.map(usedOption),
    },
    ...roles.map((role): ProgramUsage => ({
      name: `fail2ban-${role}`,
      section: 8,
      summary: ROLE_SUMMARIES[role],
      verbs: Object.entries(verbsOf(role)).map(([words, about]) => ({
        ...{ words, about, operands: "", options: [] },
      })),
      common: ROLE_OPTIONS.map(usedOption),
    })),
  ];
}

/** Parses `-c, --config FILE`. */
function usedOption([text, help]: readonly [string, string]): UsedOption {
  const found = /^(?:-(\w), )?--([\w-]+)(?: (\w+))?$/.exec(text);
  if (found === null) throw new TypeError(`No option: ${text}`);
  const [, short, name = "", value] = found;
  return { name, short, value, choices: [], help };
}
