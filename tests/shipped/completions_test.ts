import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { CLUSTER_VERBS } from "../../lib/cli/cluster_verbs.ts";
import { deadlineSignal } from "../support/host/deadline.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { testWith } from "../support/host/real_parts.ts";

const SHARE = decodeURIComponent(
  new URL("../../share", import.meta.url).pathname,
);
const PROGRAMS = ["cluster", "monitor", "node", "publisher", "subscriber"];
const FIRST_WORDS = [
  ...new Set(Object.keys(CLUSTER_VERBS).map((verb) => verb.split(" ")[0])),
].sort();
const NODE_WORDS = Object.keys(CLUSTER_VERBS).flatMap((verb) =>
  verb.startsWith("node ") ? [verb.slice("node ".length)] : []
).sort();

/** What a program says to a script. */
async function outputOf(
  command: string,
  ...args: readonly string[]
): Promise<string> {
  // Shells make folders for what they keep.
  await using home = await TempDir.create();
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { HOME: home.path(), TERM: "dumb" },
    signal: deadlineSignal(20_000),
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  ok(success, err);
  return out;
}

/** What is offered where the last word is to be completed, in order. */
type Complete = (typed: readonly string[]) => Promise<readonly string[]>;

const completeInBash: Complete = async (typed) => {
  const words = typed.map((word) => `'${word}'`).join(" ");
  const script = `
    source '${SHARE}/bash-completion/completions/${typed[0]}'
    COMP_WORDS=(${words})
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _${typed[0]?.replaceAll("-", "_")}
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = await outputOf("bash", "--norc", "-c", script);
  return out.split("\n").filter((word) => word !== "").sort();
};

const completeInFish: Complete = async (typed) => {
  const script = `
    source '${SHARE}/fish/vendor_completions.d/${typed[0]}.fish'
    complete -C '${typed.join(" ")}'`;
  const out = await outputOf("fish", "--no-config", "-c", script);
  return out.split("\n").flatMap((line) => line.split("\t")[0] || []).sort();
};

for (
  const [shell, complete] of [
    ["bash", completeInBash],
    ["fish", completeInFish],
  ] as const
) {
  testWith(
    shell === "fish" ? "fish" : [],
    `${shell} completes verbs, their second words and options, and no others`,
    async () => {
      const program = "fail2ban-cluster";
      deepStrictEqual(await complete([program, ""]), FIRST_WORDS);
      deepStrictEqual(await complete([program, "nod"]), ["node", "nodes"]);
      deepStrictEqual(await complete([program, "node", ""]), NODE_WORDS);
      deepStrictEqual(await complete([program, "bans", "--js"]), ["--json"]);
      deepStrictEqual(await complete([program, "node", "add", "--ro"]), [
        "--roles",
      ]);
      deepStrictEqual(await complete([program, "allow", "add", "--ro"]), []);
      deepStrictEqual(await complete([program, "bans", "--sort", "e"]), [
        "ends",
      ]);
      const format = [program, "import", "--format", "c"];
      deepStrictEqual(await complete(format), ["crowdsec", "csf", "csv"]);
      const places = await complete([program, "import", `${SHARE}/ma`]);
      deepStrictEqual(places.map((place) => place.replace(/\/$/, "")), [
        `${SHARE}/man`,
      ]);
      deepStrictEqual(await complete(["fail2ban-subscriber", "li"]), ["lift"]);
      deepStrictEqual(await complete(["fail2ban-monitor", "li"]), []);
    },
  );
}

/** Types into a zsh and reads until a text is there: what is never offered is waited for in vain. */
const IN_ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; setopt autolist; echo REA''DY"
zpty -r shell said '*READY*'
zpty -w -n shell "$2"$'\\t\\t'
zpty -r shell said "*$3*"
print -r -- "$said"
zpty -d shell`;

testWith(
  "zsh",
  "zsh completes verbs, their second words and options",
  async () => {
    const offered = async (typed: string, last: string) =>
      await outputOf(
        ...["zsh", "-f", "-c", IN_ZSH, "zsh"] as const,
        ...[`${SHARE}/zsh/site-functions`, typed, last],
      );
    match(await offered("fail2ban-cluster no", "nodes"), /node /);
    const node = await offered("fail2ban-cluster node ", "withdraw");
    for (const word of NODE_WORDS) match(node, new RegExp(`\\n${word}\\b`));
    match(await offered("fail2ban-cluster bans --", "since"), /--jail/);
    match(await offered("fail2ban-subscriber ", "status"), /lift +--/);
  },
);

testWith(
  "mandoc",
  "mandoc finds nothing wrong with the manual pages, and shows every verb",
  async () => {
    const pages = [
      ...PROGRAMS.map((role) =>
        role === "cluster"
          ? "man1/fail2ban-cluster.1"
          : `man8/fail2ban-${role}.8`
      ),
      "man5/fail2ban-cluster.conf.5",
    ];
    for (const page of pages) {
      const path = `${SHARE}/man/${page}`;
      strictEqual(
        await outputOf("mandoc", "-T", "lint", "-W", "warning", path),
        "",
      );
    }
    const text = await outputOf(
      ...["mandoc", "-T", "ascii", `${SHARE}/man/${pages[0]}`] as const,
    );
    const shown = text.replace(/.[\b]/g, "");
    for (const verb of Object.keys(CLUSTER_VERBS)) {
      match(shown, new RegExp(`^ {5}${verb}\\b`, "m"));
    }
  },
);
