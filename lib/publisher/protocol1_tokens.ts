/**
 * The named tokens of protocol 1: their secrets, and the hosts that may use
 * them.
 *
 * ```abnf
 * file  = *(line [CR] LF) [line]
 * line  = [name "=" token [hosts]] [comment]
 * name  = (ALPHA / DIGIT) *63(ALPHA / DIGIT / "_" / "." / "-")
 * token = 8*256(%x21-7B / %x7D-7E)      ; printable ASCII, no space, no "|", no "#" first
 * hosts = host *("," host)              ; as in host_name.ts
 * comment = "#" *VCHAR                  ; at the beginning, or after a space
 * ; spaces and tabs may stand around all of these
 * ```
 *
 * @module
 */

import { ConfigError, type ConfigProblem } from "../base/errors.ts";
import { type HostName, parseHostName, sameHost } from "../base/host_name.ts";
import { MIN_SECRET_LENGTH } from "../base/secrets.ts";
import { ORIGINAL_PLACEHOLDERS, SHIPPED_TOKEN } from "../base/secrets.ts";

/** Maximum number of tokens in a file. */
export const MAX_TOKENS = 1_000;
/** Maximum number of hosts of a token. */
export const MAX_TOKEN_HOSTS = 1_000;
/** Maximum size of a file, in characters. */
const MAX_LENGTH = 1_048_576;

/** A token with its name. */
export interface NamedToken {
  /** Its name in the log. */
  readonly name: string;
  /** The secret. */
  readonly token: string;
  /** The hosts whose reports it may carry; `undefined` for any host. */
  readonly hosts: readonly HostName[] | undefined;
}

/** All valid tokens. */
export interface TokenList {
  /** The tokens with their names and hosts. */
  readonly entries: readonly NamedToken[];
  /** The secrets in the same order; when empty, no token is expected. */
  readonly tokens: readonly string[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const TOKEN = /^(?!#)[!-{}~]{1,256}$/;
const EXPECTED = {
  line: "NAME = TOKEN, or NAME = TOKEN HOST, HOST...",
  name: "a name of letters, digits, -, _ and dots, 64 at most",
  newName: "a name that no other token has",
  token: `a token of ${MIN_SECRET_LENGTH} to 256 printable ASCII characters, ` +
    "none of them | or a space",
  ownToken:
    "a token of your own: this one is a placeholder that everybody knows",
  newToken: "a token that no other name has",
  hosts: "names of hosts between commas: letters, digits, -, _ and dots",
} as const;

/**
 * Reads a file of tokens.
 *
 * @param text The file's content.
 * @param file The file's path, for problems.
 * @returns The tokens in the file's order.
 * @throws {ConfigError} with every problem, by line, and no token in it.
 *
 * @example
 * ```ts
 * import { parseTokenList } from "./protocol1_tokens.ts";
 * import { deepStrictEqual, throws } from "node:assert/strict";
 *
 * deepStrictEqual(parseTokenList("shop = correct-horse web-1, web-2 # both\n", "tokens"), [
 *   { name: "shop", token: "correct-horse", hosts: ["web-1", "web-2"] },
 * ]);
 * throws(() => parseTokenList("\nshop\n", "tokens"), /^ConfigError: tokens:2: expected NAME = TOKEN/);
 * ```
 */
export function parseTokenList(
  text: string,
  file: string,
): readonly NamedToken[] {
  if (text.length > MAX_LENGTH) {
    throw new ConfigError([{
      file,
      expected: `at most ${MAX_LENGTH} characters`,
    }]);
  }
  const problems: ConfigProblem[] = [];
  const entries: NamedToken[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = stripped(line.replace(/(?:^|[ \t])#[^]*$/, ""));
    if (words === "") continue;
    const entry = readLine(words, entries);
    if (typeof entry !== "string") entries.push(entry);
    else problems.push({ file, line: index + 1, expected: EXPECTED[entry] });
  }
  if (entries.length > MAX_TOKENS) {
    problems.push({ file, expected: `at most ${MAX_TOKENS} tokens` });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return entries;
}

/**
 * Combines the valid tokens.
 *
 * @param shared The token shared by all monitors, if there is one. If it also
 * has a name, that entry's hosts count.
 * @param named The named tokens.
 */
export function tokenList(
  shared: string | undefined,
  named: readonly NamedToken[] = [],
): TokenList {
  const common = shared === undefined
    ? []
    : [{ name: "authtoken", token: shared, hosts: undefined }];
  const entries = [...common, ...named];
  return { entries, tokens: entries.map(({ token }) => token) };
}

/**
 * Whether a token may carry a host's reports.
 *
 * @param token The token of the report; `undefined` when none is expected.
 * @param host The host that the report names.
 */
export function mayCarry(
  token: NamedToken | undefined,
  host: HostName,
): boolean {
  return token?.hosts?.some((name) => sameHost(name, host)) ?? true;
}

/** @returns The entry, or the problem. */
function readLine(
  words: string,
  before: readonly NamedToken[],
): NamedToken | keyof typeof EXPECTED {
  const [, name = "", rest = ""] = /^(.*?)[ \t]*=[ \t]*(.*)$/.exec(words) ?? [];
  const [, token = "", list = ""] = /^([^ \t]+)(?:[ \t]+(.*))?$/.exec(rest) ??
    [];
  if (name === "" || token === "") return "line";
  if (!NAME.test(name)) return "name";
  if (before.some((other) => other.name === name)) return "newName";
  if (token.length < MIN_SECRET_LENGTH || !TOKEN.test(token)) return "token";
  if ([SHIPPED_TOKEN, ...ORIGINAL_PLACEHOLDERS].includes(token)) {
    return "ownToken";
  }
  if (before.some((other) => other.token === token)) return "newToken";
  const hosts = list === "" ? undefined : readHosts(list);
  return hosts !== undefined || list === "" ? { name, token, hosts } : "hosts";
}

function readHosts(list: string): readonly HostName[] | undefined {
  const names = list.split(",").map(stripped);
  const hosts = names.flatMap((name) => parseHostName(name) ?? []);
  return hosts.length === names.length && hosts.length <= MAX_TOKEN_HOSTS
    ? hosts
    : undefined;
}

/** The text without the spaces and tabs around it. */
function stripped(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
