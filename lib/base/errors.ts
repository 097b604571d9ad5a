/**
 * The errors that a user may see, and the function that turns any error into
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

/** An error that a user can fix; everything else that is thrown is a bug. */
export abstract class ExpectedError extends Error {
  /** The program's exit code. */
  abstract readonly exitCode: ExitCode;
  /** The likely fix, one sentence. */
  readonly hint: string | undefined;

  /** Creates an error. */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
  }
}

/** The command line asks for something that doesn't exist. Exit code 2. */
export class UsageError extends ExpectedError {
  /** The class's name. */
  override readonly name = "UsageError";
  /** The program's exit code. */
  override readonly exitCode: typeof EXIT_CODES.usage = EXIT_CODES.usage;
}

/** A problem in a configuration file. */
export interface ConfigProblem {
  /** The file that contains it. */
  readonly file: string;
  /** The line, counted from 1, if known. */
  readonly line?: number;
  /** `section.key`, if known. */
  readonly key?: string;
  /** The value as written; never a secret. */
  readonly value?: string;
  /** What is expected instead, as half a sentence. */
  readonly expected: string;
}

/** The configuration can't be used; every problem is listed. Exit code 3. */
export class ConfigError extends ExpectedError {
  /** The class's name. */
  override readonly name = "ConfigError";
  /** The program's exit code. */
  override readonly exitCode: typeof EXIT_CODES.config = EXIT_CODES.config;
  /** All problems. */
  readonly problems: readonly ConfigProblem[];

  /** Creates an error from all problems. */
  constructor(problems: readonly ConfigProblem[], details: ErrorDetails = {}) {
    super(problems.map(describeProblem).join("\n"), details);
    this.problems = problems;
  }
}

/** The host prevents the work: a port is taken, a file is gone. Exit code 4. */
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
 * Turns any error into the lines that the user sees: `program: error: ...` and
 * `program: hint: ...` for expected errors, a stack for bugs only.
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
 * Splits an error into its parts, the first failure first: an error while
 * closing something hides the failure before it.
 */
function partsOf(error: unknown): readonly unknown[] {
  if (error instanceof SuppressedError) {
    return [...partsOf(error.suppressed), ...partsOf(error.error)];
  }
  return error instanceof AggregateError && error.errors.length > 0
    ? error.errors.flatMap(partsOf)
    : [error];
}

/** Errors of the operating system that are no bug, such as a full disk. */
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
