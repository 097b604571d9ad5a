/**
 * Translates commands of other tools that people type by habit.
 *
 * @module
 */

/**
 * Makes the command of this program; `rest` is the word after the other tool's
 * command.
 */
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

/**
 * `set JAIL banip ADDRESS` of `fail2ban-client`: the verb is the third word.
 */
const SET_WORDS = ["banip", "unbanip"];

/** A word that is safe to paste into a shell unquoted. */
const PLAIN = /^[0-9A-Za-z.:/-]{1,64}$/;

/**
 * Suggests a command of this program for one of another tool.
 *
 * @param argv The typed arguments.
 * @returns The words after the program's name; `undefined`: it is no known
 * command of another tool.
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
