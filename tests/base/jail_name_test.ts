import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { CLUSTER_JAIL, parseJailName } from "../../lib/base/jail_name.ts";

const LETTERS_AND_DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const REFUSED: readonly (readonly [why: string, text: string])[] = [
  ["nothing", ""],
  ["a space", " "],
  ["the bar of the wire", "a|b"],
  ["a space inside", "ssh d"],
  ["a line end", "sshd\n"],
  ["a forged second line", "sshd\n2026-11-22 14:03:40,537 x"],
  ["a NUL", "sshd\0"],
  ["a bracket", "sshd]"],
  ["a path", "../sshd"],
  ["a slash", "a/b"],
  ["a quote", 'a"b'],
  ["a command", "$(reboot)"],
  ["an option", "-h"],
  ["a dot first", ".sshd"],
  ["an underscore first", "_sshd"],
  ["a letter outside ASCII", "sshd\u00e9"],
  ["a full-width letter", "\uff53shd"],
  ["65 characters", "a".repeat(65)],
  ["a megabyte", "a".repeat(1_048_576)],
];

Deno.test("parseJailName() takes the names that jails have", () => {
  const names = [
    "sshd",
    "my.jail",
    "a",
    "0",
    "postfix-sasl",
    "user@host:22+x",
    "J_1",
    "fail2bancluster",
    "a".repeat(64),
    "allow",
    "logtarget2",
  ];
  for (const name of names) strictEqual(parseJailName(name), name);
});

for (const [why, text] of REFUSED) {
  Deno.test(`parseJailName() refuses ${why}: ${JSON.stringify(text.slice(0, 40))}`, () => {
    strictEqual(parseJailName(text), undefined);
  });
}

Deno.test("parseJailName() refuses the words that fail2ban's set takes for its own", () => {
  const words = [
    "all",
    "allowipv6",
    "dbfile",
    "dbmaxmatches",
    "dbpurgeage",
    "loglevel",
    "logtarget",
    "syslogsocket",
    "thread",
  ];
  for (const word of words) strictEqual(parseJailName(word), undefined, word);
});

Deno.test("parseJailName() takes the dedicated jail of the cluster", () => {
  strictEqual(parseJailName("fail2bancluster"), CLUSTER_JAIL);
});

Deno.test("parseJailName() gives the text as it is or nothing, whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const name = parseJailName(text);
    if (name === undefined) return;
    strictEqual(name, text);
    const first = name[0] ?? "";
    strictEqual(LETTERS_AND_DIGITS.includes(first), true);
    const isKnown = (character: string) =>
      `${LETTERS_AND_DIGITS}_.@:+-`.includes(character);
    strictEqual([...name].every(isKnown), true);
  }));
});
