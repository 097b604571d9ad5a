import {
  deepStrictEqual,
  match,
  ok,
  strictEqual,
  throws,
} from "node:assert/strict";
import {
  clusterHelpText,
  parseClusterCommand,
  type TypedCommand,
} from "../../lib/cli/cluster_cli.ts";
import { CLUSTER_VERBS } from "../../lib/cli/cluster_verbs.ts";
import { UsageError } from "../../lib/base/errors.ts";

function parsed(...argv: readonly string[]): TypedCommand {
  const line = parseClusterCommand(argv);
  ok(line.kind === "command");
  return line.command;
}

Deno.test("verbs of one and of two words are read, with their operands and options", () => {
  deepStrictEqual(
    parsed("node", "add", "web1", "web2", "--rate=5", "--unban"),
    {
      verb: "node add",
      operands: ["web1", "web2"],
      options: new Map<string, string | true>([["unban", true], ["rate", "5"]]),
      configPath: undefined,
    },
  );
  deepStrictEqual(parsed("join", "-", "-c", "/a.conf"), {
    verb: "join",
    operands: ["-"],
    options: new Map(),
    configPath: "/a.conf",
  });
  deepStrictEqual(
    parsed("allow", "add", "192.0.2.0/24", "--for", "7d", "--note", "a b")
      .options,
    new Map([["for", "7d"], ["note", "a b"]]),
  );
});

Deno.test("a number below 0 may be a value of its own: --for -1 is for ever", () => {
  for (const typed of [["--for", "-1"], ["--for=-1"]]) {
    deepStrictEqual(
      parsed("ban", "192.0.2.1", ...typed, "--force").options,
      new Map<string, string | true>([["force", true], ["for", "-1"]]),
    );
  }
});

Deno.test("the configuration may be named before the verb, as with the other programs", () => {
  for (const typed of [["-c", "/a"], ["--config", "/a"], ["--config=/a"]]) {
    const { verb, operands, configPath } = parsed(
      ...typed,
      "node",
      "show",
      "a",
    );
    deepStrictEqual([verb, operands, configPath], ["node show", ["a"], "/a"]);
  }
});

Deno.test("help and version are words, too", () => {
  const about = (...argv: readonly string[]) => parseClusterCommand(argv);
  deepStrictEqual(about("help"), { kind: "help", about: undefined });
  deepStrictEqual(about("help", "ban"), { kind: "help", about: "ban" });
  deepStrictEqual(about("help", "node"), { kind: "help", about: "node" });
  deepStrictEqual(about("version"), { kind: "version" });
});

const MISTAKES: readonly (readonly [
  typed: string,
  message: RegExp,
  verb?: string,
])[] = [
  ["", /^a verb is missing$/],
  ["nod", /^unknown verb "nod"; did you mean node\?$/],
  ["alow list", /^unknown verb "alow"; did you mean allow\?$/],
  ["node", /^expected one of: node add, node list, /],
  ["node ad web1", /^unknown verb "node ad"; did you mean node add\?$/],
  ["constructor", /^unknown verb "constructor"$/],
  ["node add", /^node add needs NAME\.\.\.$/, "node add"],
  ["join a b c", /^unexpected "c" after join$/, "join"],
  ["node list web1", /^unexpected "web1" after node list$/, "node list"],
  [
    "init --adress x",
    /^unknown option "--adress" of init; did you mean --address\?$/,
    "init",
  ],
  ["init --address", /^--address needs a value$/, "init"],
  ["init --address=", /^--address needs a value$/, "init"],
  ["node add web1 --unban=no", /^--unban takes no value$/, "node add"],
  ["node list --rate 5", /^unknown option "--rate" of node list$/, "node list"],
  ["node list --config", /^--config needs a value$/, "node list"],
];

for (const [typed, message, verb] of MISTAKES) {
  Deno.test(`"${typed}" is refused with what is wrong, and a hint`, () => {
    const argv = typed.split(" ").filter((word) => word !== "");
    throws(() => parseClusterCommand(argv), (error) => {
      ok(error instanceof UsageError);
      match(error.message, message);
      strictEqual(
        error.hint,
        verb === undefined
          ? "fail2ban-cluster --help lists verbs and options"
          : `fail2ban-cluster ${verb} --help lists its options`,
      );
      return true;
    });
  });
}

Deno.test("words of other tools get a hint, with the address that was typed", () => {
  const hints: readonly (readonly [string, string])[] = [
    ["decisions list", "bans"],
    ["decisions import -i list.csv", "import list.csv --name NAME --for TIME"],
    ["decisions delete --ip 192.0.2.1", "unban 192.0.2.1"],
    ["banned", "bans"],
    ["banned 192.0.2.1", "why 192.0.2.1"],
    ["banip 2001:db8::/48", "ban 2001:db8::/48"],
    ["unbanip", "unban ADDRESS"],
    ["list", "bans"],
    ["lift 192.0.2.1", "unban 192.0.2.1"],
    ["unbanip $(reboot)", "unban ADDRESS"],
    ["set sshd banip 192.0.2.1", "ban 192.0.2.1"],
    ["set sshd unbanip 192.0.2.1", "unban 192.0.2.1"],
    ["set sshd bantime 7200", "ban ADDRESS"],
    ["banned -c /etc/a.conf", "bans"],
    ["-c /etc/a.conf banned", "bans"],
  ];
  for (const [typed, words] of hints) {
    deepStrictEqual(parseClusterCommand(typed.split(" ")), {
      kind: "hint",
      words,
    });
  }
  // No word of this program's own is another tool's.
  for (const verb of Object.keys(CLUSTER_VERBS)) {
    const argv = verb.split(" ");
    try {
      strictEqual(parseClusterCommand(argv).kind, "command", verb);
    } catch (error) {
      ok(error instanceof UsageError, verb);
    }
  }
});

Deno.test("help is given for every way to ask for it", () => {
  for (
    const typed of ["--help", "-h", "node --help", "node add -h", "init --help"]
  ) {
    strictEqual(parseClusterCommand(typed.split(" ")).kind, "help");
  }
  strictEqual(parseClusterCommand(["--version"]).kind, "version");
});

Deno.test("help that is asked of a verb, or of its first word, is of that alone", () => {
  const textOf = (typed: string) => {
    const line = parseClusterCommand(typed.split(" "));
    ok(line.kind === "help");
    return clusterHelpText("1.2.3", line.about);
  };
  const add = textOf("node add --help");
  match(add, /^usage: fail2ban-cluster node add NAME\.\.\. \[option\.\.\.\]\n/);
  match(add, /--jails GLOBS/);
  ok(!add.includes("revoke") && !add.includes("audit"));
  const node = textOf("node --help");
  for (const verb of ["add", "list", "revoke"]) {
    ok(node.includes(`node ${verb}`));
  }
  ok(!node.includes("allow"));
  strictEqual(textOf("--help"), clusterHelpText("1.2.3"));
  for (const line of (add + node).split("\n")) ok(line.length <= 80, line);
});

Deno.test("the help text names every verb and option, in lines of at most 80 characters", () => {
  const lines = clusterHelpText("1.2.3").split("\n");
  strictEqual(lines[0], "fail2ban-cluster 1.2.3");
  for (const line of lines) ok(line.length <= 80, line);
  for (const [verb, { options }] of Object.entries(CLUSTER_VERBS)) {
    ok(lines.some((line) => line.startsWith(`  ${verb}`)), verb);
    for (const name of Object.keys(options)) {
      ok(lines.some((line) => line.startsWith(`    --${name}`)), name);
    }
  }
});
