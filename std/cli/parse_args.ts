/**
 * Stands in for `@std/cli/parse-args` where JSR can't be reached, for the
 * part of it that this project uses. `@std/cli` descends from npm's
 * `minimist`, which does the work here; the two differences that matter are
 * made up for: `--no-x` is an unknown option, and only the options under
 * `collect` become lists.
 *
 * @see {@link https://jsr.io/@std/cli | @std/cli}
 * @module
 */

// @ts-types="npm:@types/minimist@1.2.5"
import minimist from "minimist";

/** Which options there are. */
export interface ParseOptions {
  /** Options without a value; `false` when not given. */
  readonly boolean?: readonly string[];
  /** Options with a value; `_` keeps digits among the other arguments as text. */
  readonly string?: readonly string[];
  /** Options of `string` that may be repeated: lists, empty when not given. */
  readonly collect?: readonly string[];
  /** Other names of options. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Called with each argument that is no known option; it is left out on `false`. */
  readonly unknown?: (arg: string) => unknown;
}

/** What was given, by name. */
export interface Args extends Record<string, unknown> {
  /** The arguments that are no options. */
  _: (string | number)[];
}

/**
 * Takes arguments apart.
 *
 * @param args The arguments.
 * @param options Which options there are.
 * @returns The values given. An option of `string` without one has `""`.
 * @throws {RangeError} on `--no-x` that `unknown` neither refuses nor leaves out.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const parsed = parseArgs(["--name", "1", "go"], { string: ["name"], boolean: ["dry"] });
 * deepStrictEqual({ ...parsed }, { _: ["go"], name: "1", dry: false });
 * ```
 */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const { boolean = [], string = [], collect = [], alias = {}, unknown } =
    options;
  const parsed: Args = minimist(withoutNegated(args, unknown), {
    boolean: [...boolean],
    string: [...string],
    alias: { ...alias },
    unknown: (arg) => unknown?.(arg) !== false,
  });
  const collected = new Set(collect.flatMap((key) => [key, alias[key] ?? key]));
  for (const [key, value] of Object.entries(parsed)) {
    if (key !== "_" && Array.isArray(value) && !collected.has(key)) {
      parsed[key] = value.at(-1);
    }
  }
  for (const key of collected) parsed[key] = [parsed[key] ?? []].flat();
  return parsed;
}

function withoutNegated(
  args: readonly string[],
  unknown: ParseOptions["unknown"],
): string[] {
  const end = args.indexOf("--");
  return args.filter((arg, index) => {
    if (!arg.startsWith("--no-") || (end !== -1 && index > end)) return true;
    if (unknown?.(arg) !== false) {
      throw new RangeError(`Cannot parse ${arg}: not in the stand-in's part`);
    }
    return false;
  });
}
