// What @std/cli does for the arguments that the project gives it: these tests
// pass with JSR's package as well as with the stand-in, which refuses more.
import { deepStrictEqual } from "node:assert/strict";
import { parseArgs } from "@std/cli/parse-args";

const NONE = { _: [], dry: false, help: false, h: false };

/** Parses with options like the programs'; gives what is unknown as well. */
function parsed(...args: string[]): [values: object, unknown: string[]] {
  const unknown: string[] = [];
  const values = parseArgs(args, {
    boolean: ["dry", "help"],
    string: ["_", "config", "level"],
    alias: { help: "h", config: "c" },
    unknown: (arg) => {
      if (!arg.startsWith("-")) return true;
      unknown.push(arg);
      return false;
    },
  });
  return [{ ...values }, unknown];
}

const both = (config: string) => ({ config, c: config });

const KNOWN: readonly [args: string[], values: object][] = [
  [[], {}],
  [["run"], { _: ["run"] }],
  [["run", "7", "1e3", ""], { _: ["run", "7", "1e3", ""] }],
  [["--dry"], { dry: true }],
  [["--dry", "run"], { dry: true, _: ["run"] }],
  [["--dry", "--dry"], { dry: true }],
  [["--dry=false"], { dry: false }],
  [["--dry=yes"], { dry: true }],
  [["--dry", "false", "run"], { dry: false, _: ["run"] }],
  [["--help"], { help: true, h: true }],
  [["-h"], { help: true, h: true }],
  [["-h", "run"], { help: true, h: true, _: ["run"] }],
  [["--config", "/a"], both("/a")],
  [["--config=/a"], both("/a")],
  [["--config=a=b"], both("a=b")],
  [["--config==a"], both("=a")],
  [["--config=--dry"], both("--dry")],
  [["--config", "007"], both("007")],
  [["--config", "true"], both("true")],
  [["-c", "/a", "run"], { ...both("/a"), _: ["run"] }],
  [["-c=/a"], both("/a")],
  [["-c/a"], both("/a")],
  [["-c7"], both("7")],
  [["--config"], both("")],
  [["-c"], both("")],
  [["--config", "--dry"], { ...both(""), dry: true }],
  [["--config", ""], { ...both(""), _: [""] }],
  [["--dry", ""], { dry: true, _: [""] }],
  [["-c", ""], { ...both(""), _: [""] }],
  [["-c", "-"], both("-")],
  [["--config", "/a", "--config", "/b"], both("/b")],
  [["--config", "/a", "-c", "/b"], both("/b")],
  [["--level", "info", "--config", "/a"], { level: "info", ...both("/a") }],
  [["run", "--", "--dry", "-x", "7"], { _: ["run", "--dry", "-x", "7"] }],
  [["--config", "--", "a"], { ...both(""), _: ["a"] }],
  [["--", "--no-dry", "--config="], { _: ["--no-dry", "--config="] }],
];

for (const [args, values] of KNOWN) {
  Deno.test(`parseArgs() takes ${JSON.stringify(args)} apart`, () => {
    deepStrictEqual(parsed(...args), [{ ...NONE, ...values }, []]);
  });
}

const UNKNOWN: readonly [args: string[], unknown: string[], values: object][] =
  [
    [["--prot=3000", "run"], ["--prot=3000"], { _: ["run"] }],
    [["--prot", "run"], ["--prot"], {}],
    [["--prot", "--dry"], ["--prot"], { dry: true }],
    [["-x"], ["-x"], {}],
    [["-1"], ["-1"], {}],
    [["---dry"], ["---dry"], {}],
    [["--DRY"], ["--DRY"], {}],
    [["--no-dry"], ["--no-dry"], {}],
    [["--no-dry", "run"], ["--no-dry"], {}],
    [["--no-dry", "--dry"], ["--no-dry"], { dry: true }],
    [["--config="], ["--config="], {}],
    [["--config=", "--dry"], ["--config="], { dry: true }],
    [["--dry="], ["--dry="], {}],
    [["-"], ["-"], {}],
    [["--config", "-"], ["-"], both("")],
    [["--prot", "-"], ["--prot", "-"], {}],
    [["--dry", "-"], ["-"], { dry: true }],
  ];

for (const [args, unknown, values] of UNKNOWN) {
  Deno.test(`parseArgs() knows no ${unknown} in ${JSON.stringify(args)}`, () => {
    deepStrictEqual(parsed(...args), [{ ...NONE, ...values }, unknown]);
  });
}

Deno.test("parseArgs() leaves out no argument that nobody refuses", () => {
  deepStrictEqual({ ...parseArgs(["a", "--x", "1", "-y"]) }, {
    _: ["a"],
    x: 1,
    y: true,
  });
});

Deno.test("parseArgs() gives what @std/cli does, if anything, where nobody refuses", () => {
  const differing = { "--no-dry": "no-dry", "--config=": "config=" };
  for (const [arg, key] of Object.entries(differing)) {
    for (const options of [{}, { unknown: () => true }]) {
      try {
        deepStrictEqual({ ...parseArgs([arg], options) }, {
          _: [],
          [key]: true,
        });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  }
});
