/**
 * Words that people bring along from other tools, and what is said here.
 *
 * @module
 */

/** What is said here; `rest` is what followed the words. */
type Translation = (rest: string) => string;

const WORDS: readonly (readonly [typed: string, here: Translation])[] = [
  // cscli
  ["decisions list", () => "bans"],
  ["decisions add", (rest) => `ban ${rest || "ADDRESS"}`],
  ["decisions delete", (rest) => `unban ${rest || "ADDRESS"}`],
  [
    "decisions import",
    (rest) => `import ${rest || "FILE"} --name NAME --for TIME`,
  ],
  ["decisions", () => "bans"],
  ["alerts", () => "why ADDRESS"],
  ["allowlists", () => "allow list"],
  // fail2ban-client
  ["banned", (rest) => rest === "" ? "bans" : `why ${rest}`],
  ["banip", (rest) => `ban ${rest || "ADDRESS"}`],
  ["unbanip", (rest) => `unban ${rest || "ADDRESS"}`],
  ["get", () => "bans --jail JAIL"],
  // others
  ["list", () => "bans"],
  ["lift", (rest) => `unban ${rest || "ADDRESS"}`],
  ["show", (rest) => `why ${rest || "ADDRESS"}`],
  ["whitelist", () => "allow list"],
];

/** `set JAIL banip ADDRESS`, as `fail2ban-client` has it: from the third word on. */
const SET_WORDS = ["banip", "unbanip"];

/** What may be repeated to a shell as it is. */
const PLAIN = /^[0-9A-Za-z.:/-]{1,64}$/;

/**
 * What to type instead of a verb that is none of this program.
 *
 * @param argv What was typed.
 * @returns The words after the program's name; `undefined`: nobody brings that along.
 *
 * @example
 * ```ts
 * import { broughtWords } from "./brought_words.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(broughtWords(["unbanip", "192.0.2.1"]), "unban 192.0.2.1");
 * strictEqual(broughtWords(["decisions", "list"]), "bans");
 * strictEqual(broughtWords(["bans"]), undefined);
 * ```
 */
export function broughtWords(argv: readonly string[]): string | undefined {
  if (argv[0] === "set") {
    return SET_WORDS.includes(argv[2] ?? "")
      ? broughtWords(argv.slice(2))
      : "ban ADDRESS";
  }
  for (const [typed, here] of WORDS) {
    const words = typed.split(" ");
    if (!words.every((word, at) => argv[at] === word)) continue;
    const rest = argv.slice(words.length).find((word, at, all) =>
      !word.startsWith("-") && PLAIN.test(word) &&
      !/^(-c|--config)$/.test(all[at - 1] ?? "")
    );
    return here(rest ?? "");
  }
  return undefined;
}
