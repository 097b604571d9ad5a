import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type ConfigFile,
  locationOf,
  readConfig,
} from "../../lib/config/config_reader.ts";
import { describeProblem } from "../../lib/base/errors.ts";
import { listOptions } from "../../lib/config/options.ts";
import { ORIGINAL_CONFIG } from "../support/values/original_config.ts";

function conf(text: string): ConfigFile {
  return { path: "a.conf", text };
}

function local(text: string): ConfigFile {
  return { path: "a.local", text };
}

function troubleLog(...files: readonly ConfigFile[]): string[] {
  return readConfig(files).problems.map(describeProblem);
}

Deno.test("readConfig() gives every option its default where nothing is set", () => {
  const { values, found, problems } = readConfig([]);
  deepStrictEqual([problems, found.size], [[], 0]);
  for (const { section, key, option } of listOptions()) {
    const value = Object.entries(values[section]).find(([k]) => k === key)?.[1];
    const { kind, default: text } = option;
    strictEqual(value === undefined, text === undefined, `${section}.${key}`);
    if (text !== undefined) deepStrictEqual(value, kind.read(text));
  }
});

Deno.test("readConfig() knows every section and key of the original", () => {
  const { found, problems } = readConfig([conf(ORIGINAL_CONFIG)]);
  deepStrictEqual([problems, found.size], [[], 14]);
});

Deno.test("readConfig() says of each value where it is set last", () => {
  const files = [
    conf("[monitor]\nauth = 1\nunbanhold = 1m\n"),
    local("# mine\n\n[monitor]\nunbanhold = 2m\n"),
  ];
  const reading = readConfig(files);
  strictEqual(reading.values.monitor.unbanhold, 120);
  deepStrictEqual(Object.fromEntries(reading.found), {
    "monitor.auth": { text: "1", file: "a.conf", line: 2 },
    "monitor.unbanhold": { text: "2m", file: "a.local", line: 4 },
  });
  const place = (key: string) => locationOf(files, reading, key);
  const [unbanhold, pidfile] = ["monitor.unbanhold", "monitor.pidfile"];
  deepStrictEqual(place(unbanhold), {
    file: "a.local",
    line: 4,
    key: unbanhold,
  });
  deepStrictEqual(place(pidfile), { file: "a.conf", key: pidfile });
  strictEqual(locationOf([], reading, pidfile).file, "(defaults)");
});

Deno.test("readConfig() lets a later file mend what an earlier one has wrong", () => {
  const files = [conf("[monitor]\nauth = maybe"), local("[monitor]\nauth = 0")];
  const { values, problems } = readConfig(files);
  deepStrictEqual(problems, []);
  strictEqual(values.monitor.auth, false);
});

Deno.test("readConfig() tells every problem of every file at once", () => {
  const files = [
    conf(
      "[monitr]\n[monitor]\nauth = maybe\npidfile = monitor.pid\n" +
        "unbanhold = 2h\nunbanhold = 1h\nfail2banlogpth = /a\n",
    ),
    local(
      "[publisher]\nreplybindurl = tcp://publisher.example:5678\njunk\n" +
        "[subscriber]\nsubscriberaction = log, reboot\nzmqpublisherurl = tcp://*:5680\n",
    ),
  ];
  const bind =
    "tcp://ADDRESS:PORT or ipc://PATH, ADDRESS being *, 192.0.2.1, [2001:db8::1] or an interface";
  const connect =
    "tcp://HOST:PORT or ipc://PATH, HOST being a name, 192.0.2.1 or [2001:db8::1], not *";
  deepStrictEqual(troubleLog(...files).sort(), [
    "a.conf:1: [monitr]: expected a known section, perhaps monitor",
    "a.conf:3: monitor.auth = maybe: expected true or false (yes, no, on, off, 1 and 0 will do)",
    "a.conf:4: monitor.pidfile = monitor.pid: expected an absolute path",
    "a.conf:5: monitor.unbanhold = 2h: expected a duration from 0 to 1h, such as 90, 30s or 10m",
    "a.conf:6: monitor.unbanhold: expected each key once; line 5 has it",
    "a.conf:7: monitor.fail2banlogpth: expected a key of [monitor], perhaps fail2banlogpath",
    `a.local:2: publisher.replybindurl = tcp://publisher.example:5678: expected ${bind}`,
    "a.local:3: expected [section], key = value or # comment",
    "a.local:5: subscriber.subscriberaction = log, reboot: expected none, or a list, without repeats, of: log, fail2banclient, nftables, exec",
    `a.local:6: subscriber.zmqpublisherurl = tcp://*:5680: expected ${connect}`,
  ]);
});

Deno.test("readConfig() guesses the nearest name, and lists what there is where none is near", () => {
  const text = "[colours]\n[subscriber]\nsubscribeaction = log\nbanaction = x";
  deepStrictEqual(troubleLog(conf(text)), [
    "a.conf:1: [colours]: expected a known section: general, monitor, publisher, subscriber, list:NAME",
    "a.conf:3: subscriber.subscribeaction: expected a key of [subscriber], perhaps subscriberaction",
    "a.conf:4: subscriber.banaction: expected a key of [subscriber]: pidfile, httpbindurl, heartbeaturl, zmqpublisherurl, controlserver, streamserver, zmqprefixfilter, subscriberaction, takejails, ignorejails, takenodes, ignorenodes, observenodes, bantime, resync, maxrate, jailmap, fail2bansocket, fail2banprogram, nfttable, execprogram, exectimeout",
  ]);
});

Deno.test("readConfig() knows no sections by the words that objects have", () => {
  const sections = "general, monitor, publisher, subscriber, list:NAME";
  deepStrictEqual(troubleLog(conf("\n[toString]\na = 1")), [
    `a.conf:2: [toString]: expected a known section: ${sections}`,
  ]);
});

Deno.test("readConfig() shows no more than the beginning of a value", () => {
  const long = "x".repeat(200);
  const text = `[publisher]\npidfile = ${long}\nauth = on\n  off`;
  const [pidfile, auth] = troubleLog(conf(text)).sort();
  ok(pidfile?.includes(` = ${"x".repeat(100)}...: expected`), pidfile);
  ok(auth?.includes(" = on...: expected"), auth);
});

const SECRET = "hunter2secret";

const SLIPS: readonly [what: string, text: string][] = [
  ["that has a sign no token may have", `authtoken = ${SECRET}|`],
  ["that is too long", `authtoken = ${SECRET.repeat(30)}`],
  ["with a quote left open", `authtoken = "${SECRET}`],
  ["with a lone percent sign", `authtoken = ${SECRET}%`],
  ["that is set twice", `authtoken = ${SECRET}\nauthtoken = ${SECRET}`],
  ["on a second line", `authtoken = a\n  ${SECRET}`],
  ["on a line of its own", `authtoken =\n${SECRET}`],
  ["under a mistyped name", `authtokne = ${SECRET}`],
  ["whose line is indented by mistake", `auth = on\n  authtoken = ${SECRET}`],
  ["indented below an empty value", `auth =\n  authtoken = ${SECRET}`],
  ["indented under a mistyped name", `auth = on\n  authtokne = ${SECRET}`],
  ["with a control character", `authtoken = ${SECRET}\u0007`],
  ["in a mistyped section", `pidfile = a\n[publihser]\nauthtoken = ${SECRET}`],
];

for (const [what, text] of SLIPS) {
  Deno.test(`readConfig() never shows a token ${what}`, () => {
    const found = troubleLog(conf(`[publisher]\n${text}`));
    ok(found.length > 0);
    strictEqual(found.join("\n").includes(SECRET), false, found.join("\n"));
  });
}

Deno.test("readConfig() reads any text without throwing", () => {
  const words = fc.constantFrom(
    ...listOptions().flatMap(({ section, key }) => [`\n[${section}]\n`, key]),
    ...["\n", " = ", ": ", " ", '"', "#", "none", "1", "tcp://", "*:1"],
  );
  const text = fc.array(fc.oneof(words, words, fc.string())).map((parts) =>
    parts.join("")
  );
  fc.assert(
    fc.property(text, text, (first, second) => {
      const { found, values } = readConfig([conf(first), local(second)]);
      for (const { file, line } of found.values()) {
        const lines = (file === "a.conf" ? first : second).split("\n");
        ok(line >= 1 && line <= lines.length);
      }
      strictEqual(typeof values.monitor.unbanhold, "number");
    }),
    { numRuns: 500 },
  );
});
