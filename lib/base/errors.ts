/**
 * The errors a user may see, and the one function that turns any error into
 * lines for standard error and an exit code.
 *
 * @module
 */

/** The programs' exit codes. 5 and above are never used. */
export const EXIT_CODES = {
  ok: 0,
  bug: 1,
  usage: 2,
  config: 3,
  runtime: 4,
} as const;

/** One of the values of {@link EXIT_CODES}. */
export type ExitCode = typeof EXIT_CODES[keyof typeof EXIT_CODES];

/** Options of every expected error. */
export interface ErrorDetails {
  /** The likely fix, one sentence, shown on a `hint:` line. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** An error that a user can mend; everything else that is thrown is a bug. */
export abstract class ExpectedError extends Error {
  /** The program's exit code. */
  abstract readonly exitCode: ExitCode;
  /** The likely fix, one sentence. */
  readonly hint: string | undefined;

  /** Makes one of a message and what else is known. */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
  }
}

/** The command line asks for something that isn't there. Exit code 2. */
export class UsageError extends ExpectedError {
  /** The class's name. */
  override readonly name = "UsageError";
  /** The program's exit code. */
  override readonly exitCode: typeof EXIT_CODES.usage = EXIT_CODES.usage;
}

/** One thing that is wrong in a configuration file. */
export interface ConfigProblem {
  /** The file it stands in. */
  readonly file: string;
  /** The line, counted from 1, where one can be named. */
  readonly line?: number;
  /** `section.key`, where one can be named. */
  readonly key?: string;
  /** The value as written; never that of a secret. */
  readonly value?: string;
  /** What was expected instead, as half a sentence. */
  readonly expected: string;
}

/** The configuration can't be used; every problem is listed. Exit code 3. */
export class ConfigError extends ExpectedError {
  /** The class's name. */
  override readonly name = "ConfigError";
  /** The program's exit code. */
  override readonly exitCode: typeof EXIT_CODES.config = EXIT_CODES.config;
  /** Everything that is wrong. */
  readonly problems: readonly ConfigProblem[];

  /** Makes one of all problems and what else is known. */
  constructor(problems: readonly ConfigProblem[], details: ErrorDetails = {}) {
    super(problems.map(describeProblem).join("\n"), details);
    this.problems = problems;
  }
}

/** The host does not allow what the program needs: a port is taken, a file is gone. Exit code 4. */
export class RuntimeError extends ExpectedError {
  /** The class's name. */
  override readonly name = "RuntimeError";
  /** The program's exit code. */
  override readonly exitCode: typeof EXIT_CODES.runtime = EXIT_CODES.runtime;
}

/**
 * Renders a problem as `file:line: section.key = value: expected ...`.
 *
 * @example
 * ```ts
 * import { describeProblem } from "./errors.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   describeProblem({ file: "a.conf", line: 3, key: "monitor.auth", value: "maybe", expected: "true or false" }),
 *   "a.conf:3: monitor.auth = maybe: expected true or false",
 * );
 * ```
 */
export function describeProblem(problem: ConfigProblem): string {
  const place = problem.line === undefined
    ? problem.file
    : `${problem.file}:${problem.line}`;
  const key = problem.key === undefined ? "" : ` ${problem.key}`;
  const value = problem.value === undefined ? "" : ` = ${problem.value}`;
  const subject = `${key}${value}`;
  return `${place}:${subject}${
    subject === "" ? "" : ":"
  } expected ${problem.expected}`;
}

/** The lines that show an error, and the exit code. */
export interface ErrorReport {
  /** The exit code. */
  readonly exitCode: ExitCode;
  /** Lines for standard error, without line ends. */
  readonly lines: readonly string[];
}

/**
 * Turns any error into what the user sees: `program: error: ...` and
 * `program: hint: ...` for expected ones, the stack for bugs only.
 *
 * @param program The program's name.
 * @param error Whatever was thrown.
 * @returns The lines and the exit code.
 *
 * @example
 * ```ts
 * import { describeError, RuntimeError } from "./errors.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(
 *   describeError("fail2ban-monitor", new RuntimeError("cannot read the log", { hint: "run as root" })),
 *   {
 *     exitCode: 4,
 *     lines: ["fail2ban-monitor: error: cannot read the log", "fail2ban-monitor: hint: run as root"],
 *   },
 * );
 * ```
 */
export function describeError(program: string, error: unknown): ErrorReport {
  const errors = partsOf(error);
  const bugs = errors.filter((each) => !isExplained(each));
  if (bugs.length === 0) return describeExpected(program, errors);
  const [bug] = bugs;
  const text = bug instanceof Error ? bug.stack ?? bug.message : String(bug);
  return {
    exitCode: EXIT_CODES.bug,
    lines: [
      ...`unexpected: ${text}`.split("\n").map((line) =>
        `${program}: error: ${line}`
      ),
      `${program}: hint: this is a bug; please report it with the lines above`,
    ],
  };
}

/**
 * What failed, the first one first: what fails while something is closed after
 * a failure hides that failure.
 */
function partsOf(error: unknown): readonly unknown[] {
  if (error instanceof SuppressedError) {
    return [...partsOf(error.suppressed), ...partsOf(error.error)];
  }
  return error instanceof AggregateError && error.errors.length > 0
    ? error.errors.flatMap(partsOf)
    : [error];
}

/** What the system refuses is no bug: a disk is full, a folder is closed. */
const SYSTEM_CODE =
  /^(EACCES|EDQUOT|EFBIG|EIO|EISDIR|ELOOP|EMFILE|ENFILE|ENODEV|ENOMEM|ENOSPC|ENOTDIR|ENXIO|EPERM|EROFS|ESTALE|ETXTBSY)$/;

function isExplained(error: unknown): error is Error {
  return error instanceof ExpectedError ||
    error instanceof Error && "code" in error &&
      SYSTEM_CODE.test(String(error.code));
}

function describeExpected(
  program: string,
  errors: readonly unknown[],
): ErrorReport {
  const lines: string[] = [];
  for (const error of errors) {
    if (!isExplained(error)) continue;
    const hint = error instanceof ExpectedError
      ? error.hint
      : "it is the system that refuses this: see the disk and who may do it";
    const told = [
      ...error.message.split("\n").map((line) => `${program}: error: ${line}`),
      ...hint === undefined ? [] : [`${program}: hint: ${hint}`],
    ];
    lines.push(...told.filter((line) => !lines.includes(line)));
  }
  const [first] = errors;
  return {
    exitCode: first instanceof ExpectedError
      ? first.exitCode
      : EXIT_CODES.runtime,
    lines,
  };
}
