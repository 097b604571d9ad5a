/**
 * The only commands that are ever sent to fail2ban.
 *
 * fail2ban does not check commands: `set logtarget banip` moves its log, `set
 * sshd bantime` evaluates its argument, `unbanip example.net` asks a name
 * server, and the marker that ends a message, inside a word, runs what follows
 * it. So every client of fail2ban checks its commands here.
 *
 * ```abnf
 * command = "ping" / "version" / "status" [SP jail]
 *         / "set" SP jail SP ("banip" / "unbanip") 1*(SP address)
 *         / "get" SP ("logtarget" / "loglevel" / "dbfile")
 *         / "get" SP jail SP ("ignoreip" / "bantime" / "banip" SP "--with-time")
 * ; jail: as in jail_name.ts; address: canonical, as in address.ts
 * ```
 *
 * @see fail2ban/server/transmitter.py
 * @module
 */

import { parseAddress } from "../base/address.ts";
import { pickleWords } from "./pickle.ts";
import { parseJailName } from "../base/jail_name.ts";

/** Settings of the server that are asked for. */
const SETTINGS: readonly (string | undefined)[] = [
  "logtarget",
  "loglevel",
  "dbfile",
];

/**
 * Checks that words are one of the commands.
 *
 * @param words The words of the command.
 * @throws {RangeError} when they are not.
 *
 * @example
 * ```ts
 * import { assertFail2banCommand } from "./commands.ts";
 * import { throws } from "node:assert/strict";
 *
 * assertFail2banCommand(["set", "sshd", "banip", "192.0.2.1", "2001:db8::/48"]);
 * throws(() => assertFail2banCommand(["set", "logtarget", "banip", "192.0.2.1"]));
 * throws(() => assertFail2banCommand(["set", "sshd", "banip", "example.net"]));
 * ```
 */
export function assertFail2banCommand(words: readonly string[]): void {
  if (isCommand(words)) return;
  throw new RangeError(`Cannot tell fail2ban ${JSON.stringify(words)}`);
}

/**
 * Pickles a command.
 *
 * @param words The words of the command.
 * @returns The bytes for the socket, without the marker.
 * @throws {RangeError} when there is no such command.
 */
export function pickleCommand(
  words: readonly string[],
): Uint8Array<ArrayBuffer> {
  assertFail2banCommand(words);
  return pickleWords(words);
}

function isCommand(words: readonly string[]): boolean {
  const [verb, jail, what, ...rest] = words;
  switch (verb) {
    case "ping":
    case "version":
      return words.length === 1;
    case "status":
      return words.length === 1 || words.length === 2 && isJail(jail);
    case "set":
      return isJail(jail) && (what === "banip" || what === "unbanip") &&
        areAddresses(rest);
    case "get":
      if (SETTINGS.includes(jail)) return words.length === 2;
      return isJail(jail) &&
        (what === "ignoreip" || what === "bantime"
          ? rest.length === 0
          : isTimedList(what, rest));
    default:
      return false;
  }
}

function isTimedList(
  what: string | undefined,
  rest: readonly string[],
): boolean {
  return what === "banip" && rest.length === 1 && rest[0] === "--with-time";
}

function isJail(word: string | undefined): boolean {
  return word !== undefined && parseJailName(word) === word;
}

function areAddresses(words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => parseAddress(word) === word);
}
