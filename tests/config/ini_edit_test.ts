import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { ConfigError } from "../../lib/base/errors.ts";
import { type IniSetting, setIniOptions } from "../../lib/config/ini_edit.ts";
import { parseIniText } from "../../lib/config/ini_text.ts";

const HUB: IniSetting = {
  section: "monitor",
  key: "controlserver",
  value: "tcp://hub:5681",
};

function set(text: string, ...settings: readonly IniSetting[]): string {
  return setIniOptions("a.local", text, settings);
}

const CASES: Readonly<
  Record<string, readonly [before: string, after: string]>
> = {
  "into nothing": ["", "[monitor]\ncontrolserver = tcp://hub:5681\n"],
  "in a file without its section": [
    "[general]\nloglevel = DEBUG",
    "[general]\nloglevel = DEBUG\n\n[monitor]\ncontrolserver = tcp://hub:5681\n",
  ],
  "behind what its section says, before the next one": [
    "[monitor]\nauth = no ; why\n\n# about\n[publisher]\nauth = no\n",
    "[monitor]\nauth = no ; why\ncontrolserver = tcp://hub:5681\n\n# about\n[publisher]\nauth = no\n",
  ],
  "in an empty section": [
    "[monitor]\n[publisher]\n",
    "[monitor]\ncontrolserver = tcp://hub:5681\n[publisher]\n",
  ],
  "in the place of another value, with its case and comments around it": [
    "[monitor]\n# old\nControlServer: tcp://old:1 # there\n# new\nauth = no\n",
    "[monitor]\n# old\ncontrolserver = tcp://hub:5681\n# new\nauth = no\n",
  ],
  "in the place of several lines": [
    "[monitor]\n  controlserver = a\n    b\n  # kept\n    c\n  auth = no\n",
    "[monitor]\n  controlserver = tcp://hub:5681\n  # kept\n  auth = no\n",
  ],
  "with the line ends of the file": [
    "[monitor]\r\nauth = no\r\n",
    "[monitor]\r\nauth = no\r\ncontrolserver = tcp://hub:5681\r\n",
  ],
};

for (const [where, [before, after]] of Object.entries(CASES)) {
  Deno.test(`an option is set ${where}, once`, () => {
    strictEqual(set(before, HUB), after);
    strictEqual(set(after, HUB), after);
  });
}

Deno.test("an option that holds already, however it is written, changes nothing", () => {
  const text = '[monitor]\n controlserver:   "tcp://hub:5681"   # the hub';
  strictEqual(set(text, HUB), text);
});

Deno.test("a file with problems is not touched, and its problems are said", () => {
  throws(
    () => set("[monitor]\n[monitor\n", HUB),
    (error) =>
      error instanceof ConfigError && error.problems[0]?.file === "a.local",
  );
});

const line = fc.constantFrom(
  ...[
    "",
    "  ",
    "# about",
    "; [monitor]",
    "[general]",
    "[monitor]",
    "[publisher]",
  ],
  ...["controlserver = a", "controlserver:", "  more", "\tmore # here"],
  ...["loglevel = DEBUG", " auth = no", 'authtoken = "a # b"'],
);
const anySetting = fc.record({
  section: fc.constantFrom("general", "monitor", "publisher"),
  key: fc.constantFrom("controlserver", "auth", "loglevel"),
  value: fc.constantFrom("a", "", "50 % # x", "a\nb", " led", '"q"'),
});

Deno.test("in any good file an option is set, all others stay, and so does every comment", () => {
  let edits = 0;
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      anySetting,
      (lines, setting) => {
        const text = lines.join("\n");
        const before = parseIniText("a.local", text);
        fc.pre(before.problems.length === 0);
        edits++;
        const edited = set(text, setting);
        const after = parseIniText("a.local", edited);
        deepStrictEqual(after.problems, []);
        const { section, key, value } = setting;
        const expected = valuesOf(before);
        expected.set(`${section}.${key}`, value);
        deepStrictEqual(valuesOf(after), expected);
        deepStrictEqual(comments(edited), comments(text));
        strictEqual(set(edited, setting), edited);
      },
    ),
    { numRuns: 3_000 },
  );
  strictEqual(edits >= 3_000, true);
});

function valuesOf(
  { sections }: ReturnType<typeof parseIniText>,
): Map<string, string> {
  return new Map(
    [...sections].flatMap(([section, { values }]) =>
      [...values].map(([key, { text }]): [string, string] => [
        `${section}.${key}`,
        text,
      ])
    ).toSorted(([left], [right]) => left < right ? -1 : 1),
  );
}

function comments(text: string): readonly string[] {
  return text.split("\n").filter((each) => /^\s*[#;]/.test(each));
}

Deno.test("setIniOptions() finds what stands in a section that is named again", () => {
  const text = "[s]\na = 1\n\n[t]\nx = 1\n\n[s]\nb = 2\n";
  const set = (key: string, value: string) =>
    setIniOptions("a.local", text, [{ section: "s", key, value }]);
  strictEqual(set("b", "3"), text.replace("b = 2", "b = 3"));
  strictEqual(set("c", "3"), text.replace("a = 1\n", "a = 1\nc = 3\n"));
});
