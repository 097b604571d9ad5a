import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  ConfigError,
  type ConfigProblem,
  describeError,
  describeProblem,
  EXIT_CODES,
  RuntimeError,
  UsageError,
} from "../../lib/base/errors.ts";

const PROBLEMS: readonly (readonly [problem: ConfigProblem, text: string])[] = [
  [
    {
      file: "a.conf",
      line: 3,
      key: "monitor.auth",
      value: "maybe",
      expected: "true or false",
    },
    "a.conf:3: monitor.auth = maybe: expected true or false",
  ],
  [
    { file: "a.conf", line: 3, key: "monitor.token", expected: "a token" },
    "a.conf:3: monitor.token: expected a token",
  ],
  [
    {
      file: "a.conf",
      key: "monitor.auth",
      value: "",
      expected: "true or false",
    },
    "a.conf: monitor.auth = : expected true or false",
  ],
  [
    { file: "a.conf", line: 1, expected: "a section" },
    "a.conf:1: expected a section",
  ],
  [
    { file: "a.conf", expected: "a readable file" },
    "a.conf: expected a readable file",
  ],
];

Deno.test("the exit codes are those that the documentation promises", () => {
  deepStrictEqual(EXIT_CODES, {
    ok: 0,
    bug: 1,
    usage: 2,
    config: 3,
    runtime: 4,
  });
});

Deno.test("describeProblem() names the place, the key, the value and what was expected", () => {
  for (const [problem, text] of PROBLEMS) {
    strictEqual(describeProblem(problem), text);
  }
});

Deno.test("describeError() gives each kind of error its exit code and its name", () => {
  const errors = [
    [new UsageError("Unknown option --x"), 2, "UsageError"],
    [new ConfigError([{ file: "a", expected: "b" }]), 3, "ConfigError"],
    [new RuntimeError("Cannot bind"), 4, "RuntimeError"],
    [new TypeError("undefined is not a function"), 1, "TypeError"],
  ] as const;
  for (const [error, exitCode, name] of errors) {
    strictEqual(describeError("p", error).exitCode, exitCode);
    strictEqual(error.name, name);
  }
});

Deno.test("describeError() shows every problem of a configuration on its own line", () => {
  const error = new ConfigError(PROBLEMS.map(([problem]) => problem));
  deepStrictEqual(
    describeError("fail2ban-monitor", error).lines,
    PROBLEMS.map(([, text]) => `fail2ban-monitor: error: ${text}`),
  );
});

Deno.test("describeError() shows the hint after the error, and no stack", () => {
  const error = new UsageError("Unknown verb: strat", {
    hint: "did you mean start?",
    cause: new Error("inner"),
  });
  deepStrictEqual(describeError("fail2ban-monitor", error).lines, [
    "fail2ban-monitor: error: Unknown verb: strat",
    "fail2ban-monitor: hint: did you mean start?",
  ]);
  ok(error.cause instanceof Error);
});

Deno.test("describeError() shows the stack of a bug, and asks for a report", () => {
  const error = new TypeError("undefined is not a function");
  const { exitCode, lines } = describeError("fail2ban-monitor", error);
  strictEqual(exitCode, EXIT_CODES.bug);
  const stack = error.stack?.split("\n") ?? [];
  ok(stack.length > 1);
  deepStrictEqual(lines.slice(0, -1), [
    "fail2ban-monitor: error: unexpected: TypeError: undefined is not a function",
    ...stack.slice(1).map((line) => `fail2ban-monitor: error: ${line}`),
  ]);
  ok(lines.at(-1)?.startsWith("fail2ban-monitor: hint: this is a bug"));
});

Deno.test("describeError() says something of whatever is thrown", () => {
  const stackless = new Error("no stack");
  delete stackless.stack;
  const thrown = ["text", 42, undefined, null, { toString: () => "thing" }];
  deepStrictEqual(
    [...thrown, stackless].map((value) => describeError("p", value).lines[0]),
    ["text", "42", "undefined", "null", "thing", "no stack"].map((text) =>
      `p: error: unexpected: ${text}`
    ),
  );
});

Deno.test("describeError() tells what failed first, and then what failed while that was cleared away, once each", () => {
  const full = new RuntimeError("the disk is full", { hint: "free space" });
  const closing = new RuntimeError("cannot close it");
  const suppressed = new SuppressedError(
    new SuppressedError(full, closing),
    full,
  );
  const { exitCode, lines } = describeError("p", suppressed);
  strictEqual(exitCode, EXIT_CODES.runtime);
  deepStrictEqual(lines, [
    "p: error: the disk is full",
    "p: hint: free space",
    "p: error: cannot close it",
  ]);
});

Deno.test("describeError() takes what the system refuses for no bug, and what is a bug beside it for one", () => {
  const system = (code: string) =>
    Object.assign(new Error(`${code} (os error)`), { code });
  for (const code of ["EACCES", "EIO", "EROFS", "ENOSPC", "EMFILE"]) {
    const { exitCode, lines } = describeError("p", system(code));
    strictEqual(exitCode, EXIT_CODES.runtime);
    strictEqual(lines[0], `p: error: ${code} (os error)`);
    ok(lines.length === 2 && lines[1]?.startsWith("p: hint: it is the system"));
  }
  for (const bug of [system("ENOENT"), system("ERR_X"), new TypeError("x")]) {
    const both = new SuppressedError(system("EIO"), bug);
    strictEqual(describeError("p", both).exitCode, EXIT_CODES.bug);
  }
});
