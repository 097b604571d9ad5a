import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import {
  type Command,
  type CommandOptions,
  helpText,
  parseCommand,
  type ProgramInfo,
} from "../../lib/cli/cli.ts";
import { UsageError } from "../../lib/base/errors.ts";
import { listOptions, type Role } from "../../lib/config/options.ts";

const MONITOR: ProgramInfo = {
  name: "fail2ban-monitor",
  role: "monitor",
  version: "1.2.3",
};
const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];
const VERBS = ["run", "start", "stop", "restart", "status", "check"] as const;

function parse(...argv: string[]): Command {
  return parseCommand(MONITOR, argv);
}

/** A command of which only the named options differ from none given. */
function command(
  verb: typeof VERBS[number] | "print-config",
  options: Partial<CommandOptions> = {},
): Command {
  const none: CommandOptions = {
    configPath: undefined,
    dryRun: false,
    logLevel: undefined,
    logFormat: "text",
  };
  return { verb, options: { ...none, ...options } };
}

function help(role: Role): string {
  return helpText({ name: `fail2ban-${role}`, role, version: "1.2.3" });
}

Deno.test("parseCommand() takes no verb for run", () => {
  deepStrictEqual(parse(), command("run"));
  deepStrictEqual(parse("--dry-run"), command("run", { dryRun: true }));
});

for (const verb of VERBS) {
  Deno.test(`parseCommand() knows the verb ${verb}, before and after options`, () => {
    const expected = command(verb, { configPath: "/a.conf" });
    deepStrictEqual(parse(verb, "--config", "/a.conf"), expected);
    deepStrictEqual(parse("--config", "/a.conf", verb), expected);
    deepStrictEqual(parse("--config", "/a.conf", "--", verb), expected);
  });
}

const GOOD: readonly (readonly [argv: string, expected: Command])[] = [
  ["--config=/a.conf", command("run", { configPath: "/a.conf" })],
  ["-c /a.conf", command("run", { configPath: "/a.conf" })],
  ["--config 1", command("run", { configPath: "1" })],
  ["--config=a=b", command("run", { configPath: "a=b" })],
  ["--config /a --config /b", command("run", { configPath: "/b" })],
  ["--log-level debug", command("run", { logLevel: "debug" })],
  ["--log-level=WARNING", command("run", { logLevel: "warning" })],
  ["--log-format json", command("run", { logFormat: "json" })],
  ["--log-format=TEXT", command("run", { logFormat: "text" })],
  ["--print-config", command("print-config")],
  ["start --print-config", command("print-config")],
  ["--help", { verb: "help", about: undefined }],
  ["-h", { verb: "help", about: undefined }],
  ["start --help --dry-run", { verb: "help", about: "start" }],
  ["strat --help", { verb: "help", about: undefined }],
  ["--version", { verb: "version" }],
  ["stop --version", { verb: "version" }],
];

for (const [argv, expected] of GOOD) {
  Deno.test(`parseCommand() understands ${argv}`, () => {
    deepStrictEqual(parse(...argv.split(" ")), expected);
  });
}

const BAD: readonly (readonly [argv: readonly string[], message: string])[] = [
  [["stat"], 'unknown verb "stat"; did you mean start?'],
  [["statu"], 'unknown verb "statu"; did you mean status?'],
  [["RESTART!"], 'unknown verb "RESTART!"; did you mean restart?'],
  [["monitor"], 'unknown verb "monitor"'],
  [["constructor"], 'unknown verb "constructor"'],
  [["1"], 'unknown verb "1"'],
  [[""], 'unknown verb ""'],
  [["start", "stop"], 'unexpected "stop" after start'],
  [["--dryrun"], 'unknown option "--dryrun"; did you mean --dry-run?'],
  [["--no-dry-run"], 'unknown option "--no-dry-run"; did you mean --dry-run?'],
  [["--confg=/a"], 'unknown option "--confg"; did you mean --config?'],
  [["--colour"], 'unknown option "--colour"'],
  [["--help", "--colour"], 'unknown option "--colour"'],
  [["--toString"], 'unknown option "--toString"'],
  [["--__proto__.dryRun=1"], 'unknown option "--__proto__.dryRun"'],
  [["-x"], 'unknown option "-x"'],
  [["-"], 'unknown option "-"'],
  [["--config"], "--config needs a value"],
  [["--config", ""], "--config needs a value"],
  [["--config="], "--config needs a value"],
  [["--config", "--dry-run"], "--config needs a value"],
  [["-c"], "--config needs a value"],
  [["--log-level"], "--log-level needs a value"],
  [["--log-format="], "--log-format needs a value"],
  [["--dry-run=no"], "--dry-run takes no value"],
  [["--dry-run="], "--dry-run takes no value"],
  [["--help=false"], "--help takes no value"],
  [["-h=false"], "-h takes no value"],
  [
    ["--log-level", "loud"],
    '--log-level "loud": expected one of critical, error, warning, notice, info, debug',
  ],
  [["--log-format=xml"], '--log-format "xml": expected one of text, json'],
];

for (const [argv, message] of BAD) {
  Deno.test(`parseCommand() refuses ${JSON.stringify(argv)}`, () => {
    throws(() => parse(...argv), (error: unknown) => {
      ok(error instanceof UsageError);
      strictEqual(error.message, message);
      strictEqual(
        error.hint,
        "fail2ban-monitor --help lists verbs and options",
      );
      strictEqual(error.exitCode, 2);
      return true;
    });
  });
}

Deno.test("parseCommand() does not show the value of an option that it does not know", () => {
  throws(() => parse("--authtoken=hush\nhush"), ({ message }: Error) => {
    return !message.includes("hush");
  });
});

for (const role of ROLES) {
  Deno.test(`helpText() of the ${role} lists every verb and option`, () => {
    const text = help(role);
    ok(text.startsWith(`fail2ban-${role} 1.2.3\n`), text);
    for (const verb of VERBS) ok(text.includes(`\n  ${verb} `), verb);
    for (
      const option of [
        "-c, --config FILE",
        "--print-config",
        "--dry-run",
        "--log-level LEVEL",
        "--log-format FORMAT",
        "--version",
        "-h, --help",
      ]
    ) ok(text.includes(`\n  ${option} `), option);
  });

  Deno.test(`helpText() of the ${role} lists its settings with their defaults, and no other's`, () => {
    const text = help(role).replaceAll(/\n {8,}/g, " ");
    for (const { section, key, option } of listOptions()) {
      const isOwn = section === "general" || section === role;
      const line = new RegExp(`^  \\[${section}\\] ${key} +(.*)$`, "m")
        .exec(text)?.[1];
      if (!isOwn) {
        strictEqual(line, undefined, key);
        continue;
      }
      const shown = option.default ?? option.unset;
      const ending = shown === "" ? "" : ` [${shown}]`;
      strictEqual(line, `${option.help}${ending}`);
    }
  });

  Deno.test(`helpText() of the ${role} fits a terminal`, () => {
    const lines = help(role).split("\n");
    deepStrictEqual(lines.filter((line) => line.length > 80), []);
    deepStrictEqual(lines.filter((line) => line.trimEnd() !== line), []);
    strictEqual(lines.at(-1), "");
  });
}

Deno.test("helpText() names the exit codes and the default places of the configuration", () => {
  const text = help("monitor");
  for (
    const part of [
      "exit codes: 0 ok, 1 bug, 2 usage, 3 configuration, 4 anything else",
      "/etc/fail2ban-cluster/fail2ban-cluster.conf",
      "fail2ban-cluster.conf beside the program",
    ]
  ) ok(text.includes(part), part);
});

Deno.test("parseCommand() knows the verb lift of the subscriber only", () => {
  const subscriber = { ...MONITOR, role: "subscriber" } as const;
  strictEqual(parseCommand(subscriber, ["lift"]).verb, "lift");
  throws(() => parse("lift"), UsageError);
  ok(help("subscriber").includes("\n  lift "));
  ok(!help("monitor").includes("\n  lift "));
});

Deno.test("helpText() of a verb says that verb and the options, and no settings", () => {
  const program = {
    name: "fail2ban-subscriber",
    role: "subscriber",
    version: "1.2.3",
  } as const;
  const lines = helpText(program, "lift").split("\n");
  strictEqual(lines[0], "usage: fail2ban-subscriber lift [option...]");
  ok(lines.some((line) => line.startsWith("  lift  ")));
  ok(lines.some((line) => line.includes("--dry-run")));
  ok(!lines.some((line) => /\[general\]|restart/.test(line)));
  for (const line of lines) ok(line.length <= 80, line);
});
