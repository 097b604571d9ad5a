/**
 * Builds the publisher's lists from their sections, and checks the rules
 * between them and the HTTP server's address.
 *
 * @module
 */

import { addressParts } from "../base/address.ts";
import type { ConfigProblem } from "../base/errors.ts";
import { MIN_SECRET_LENGTH } from "../base/secrets.ts";
import { type HttpBind, isLocalBind, isUnixBind } from "../http/http_bind.ts";
import type { ListRules } from "../exports/list_rules.ts";
import type { ConfigReading, ListSection } from "./config_reader.ts";
import { mayBePublic } from "./legacy.ts";
import { LIST_SECTION } from "./options_list.ts";

/** Problems with lists, and warnings. */
export interface ListFindings {
  readonly problems: readonly ConfigProblem[];
  /** Each with its reason. */
  readonly warnings: readonly (readonly [ConfigProblem, string])[];
}

/** Builds a list from its section. */
export function buildList({ name, values }: ListSection): ListRules {
  const { username, password } = values;
  return {
    name,
    format: values.format,
    jails: values.jails,
    nodes: values.nodes.map((pattern) => pattern.toLowerCase()),
    minLeftMs: values.minleft * 1_000,
    isAggregated: values.aggregate,
    allowFrom: values.allowfrom,
    credentials: username === undefined || password === undefined
      ? undefined
      : { username, password },
  };
}

/**
 * Checks the rules of lists.
 *
 * @param reading The content of the files.
 */
export function checkLists(reading: ConfigReading): ListFindings {
  const { lists, values: { publisher } } = reading;
  const bind = publisher.httpbindurl;
  const unread = new Set(reading.problems.map(({ key }) => key));
  const isRead = ({ key }: ConfigProblem) => !unread.has(key);
  return {
    problems: lists.flatMap((list) => problemsOf(list, bind, reading))
      .filter(isRead),
    warnings: unread.has("publisher.httpbindurl")
      ? []
      : lists.flatMap((list) => warningsOf(list, bind, reading)),
  };
}

function problemsOf(
  list: ListSection,
  bind: HttpBind | null,
  reading: ConfigReading,
): readonly ConfigProblem[] {
  const { username, password, allowfrom } = list.values;
  const problems: ConfigProblem[] = [];
  const complain = (key: string, expected: string) =>
    problems.push({ ...placeOf(list, key, reading), expected });
  if (username !== undefined && password === undefined) {
    complain("password", "a password, since there is a username");
  }
  if (username === undefined && password !== undefined) {
    complain("username", "a name, since there is a password");
  }
  if (bind === null) return problems;
  const isSet = reading.found.has(`${LIST_SECTION}${list.name}.allowfrom`);
  if (isUnixBind(bind) && isSet) {
    complain(
      "allowfrom",
      `nothing, since publisher.httpbindurl is ${bind.url}: the rights of that file say who may read, and nobody has an address there`,
    );
  }
  const isForAll = allowfrom.some((network) =>
    addressParts(network).prefixBits === 0
  );
  if (isForAll && password === undefined && !isLocalBind(bind)) {
    complain(
      "allowfrom",
      `the networks of its readers, or a username and a password: publisher.httpbindurl is ${bind.url}, so that everybody could read who is banned`,
    );
  }
  return problems;
}

function warningsOf(
  list: ListSection,
  bind: HttpBind | null,
  reading: ConfigReading,
): readonly (readonly [ConfigProblem, string])[] {
  const { password, allowfrom } = list.values;
  if (bind === null) {
    const { file, line } = list;
    const key = `[${LIST_SECTION}${list.name}]`;
    const expected = "publisher.httpbindurl to be set";
    return [[{ file, line, key, expected }, "nobody can read the list"]];
  }
  const warnings: (readonly [ConfigProblem, string])[] = [];
  const warn = (key: string, expected: string, why: string) =>
    warnings.push([{ ...placeOf(list, key, reading), expected }, why]);
  const isShort = password !== undefined && password.length < MIN_SECRET_LENGTH;
  if (isShort) {
    const why = `fewer than ${MIN_SECRET_LENGTH} characters are soon guessed`;
    warn("password", "one such as `openssl rand -hex 16` prints", why);
  }
  if (!isLocalBind(bind) && allowfrom.every(isLoopback)) {
    const why = "nobody but this host may read the list";
    warn("allowfrom", "the networks of its readers", why);
  }
  if (password !== undefined && mayBePublic(bind.endpoint)) {
    const why =
      `the password travels in the clear on ${bind.url}, which may be public: ` +
      "bind it to loopback, a private network or a tunnel, or put a proxy with TLS before it";
    warn("password", "a way that nobody listens on", why);
  }
  return warnings;
}

function isLoopback(network: string): boolean {
  return network.startsWith("127.") || network === "::1";
}

/** The place of an option, or of its section if it is not set. */
function placeOf(
  { name, file, line }: ListSection,
  key: string,
  { found }: ConfigReading,
): Omit<ConfigProblem, "expected"> {
  const full = `${LIST_SECTION}${name}.${key}`;
  const written = found.get(full);
  return written === undefined
    ? { file, line, key: full }
    : { file: written.file, line: written.line, key: full };
}
