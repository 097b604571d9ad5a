/**
 * Stands in for `@std/cli/parse-args` where JSR can't be reached, for the part
 * of it that this project uses. `@std/cli` descends from npm's `minimist`,
 * which does the work here; it compensates for the differences that matter:
 * `--no-x` and `--x=` are unknown options, as is `--toString`, "" and "-" are
 * no option's value, and of an option that is repeated the last value holds.
 *
 * @see {@link https://jsr.io/@std/cli | @std/cli}
 * @module
 */

// @ts-types="npm:@types/minimist@1.2.5"
import minimist from "minimist";

/** No option begins like this: arguments have no zero bytes. */
const REFUSED = "--\0";

/** The known options. */
export interface ParseOptions {
  /** Options without a value; `false` when not given. */
  readonly boolean?: readonly string[];
  /** Options with a value; `_` keeps digits among the other arguments as text. */
  readonly string?: readonly string[];
  /** Other names of options. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Called with each argument that is no known option; it is left out on `false`. */
  readonly unknown?: (arg: string) => unknown;
}

/** The given values, by name. */
export interface Args extends Record<string, unknown> {
  /** The arguments that are not options. */
  _: (string | number)[];
}

/**
 * Parses arguments.
 *
 * @param args The arguments.
 * @param options The known options.
 * @returns The values given. An option of `string` without one has `""`.
 * @throws {RangeError} on `--no-x`, `--x=` and `--toString` that `unknown` does
 * not leave out.
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
  const { boolean = [], string = [], alias = {}, unknown } = options;
  const rewritten = new Map<string, string>();
  const parsed: Args = minimist(rewrite(args, rewritten), {
    boolean: [...boolean],
    string: [...string],
    alias: { ...alias },
    unknown: (arg) => {
      const written = rewritten.get(arg) ?? arg;
      if (unknown?.(written) === false) return false;
      if (!arg.startsWith(REFUSED)) return true;
      throw new RangeError(
        `Cannot parse ${written}: not in the stand-in's part`,
      );
    },
  });
  for (const [key, value] of Object.entries(parsed)) {
    if (key !== "_" && Array.isArray(value)) parsed[key] = value.at(-1);
  }
  return parsed;
}

/**
 * Rewrites arguments that minimist would parse differently from @std/cli.
 *
 * @param rewritten Receives the original of each rewritten argument.
 */
function rewrite(
  args: readonly string[],
  rewritten: Map<string, string>,
): string[] {
  const end = args.indexOf("--");
  return args.map((arg, index) => {
    if (end !== -1 && index >= end) return arg;
    let now = arg;
    if (/^--(?:no-.|[^=]+=$)/s.test(arg) || isInherited(arg)) {
      now = `${REFUSED}${index}`;
    } else if (/^--[^=]+$/s.test(arg) && isNoValue(args[index + 1])) now += "=";
    if (now !== arg) rewritten.set(now, arg);
    return now;
  });
}

/**
 * Whether an option has the name of an inherited member, such as `--toString`.
 */
function isInherited(arg: string): boolean {
  const name = /^--([^=.]+)/.exec(arg)?.[1];
  return name !== undefined && name in Object.prototype;
}

/**
 * Whether @std/cli does not take an argument as the value of an option with two
 * dashes.
 */
function isNoValue(arg: string | undefined): boolean {
  return arg === "" || arg === "-";
}
