import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseAddress } from "../../lib/base/address.ts";
import {
  assertFail2banCommand,
  pickleCommand,
} from "../../lib/fail2ban/commands.ts";
import { END_MARKER, unpickle } from "../../lib/fail2ban/pickle.ts";
import { parseJailName } from "../../lib/base/jail_name.ts";
import { anyAddress, anyJailName } from "../support/values/any_values.ts";

const COMMANDS: readonly (readonly string[])[] = [
  ["ping"],
  ["version"],
  ["status"],
  ["status", "sshd"],
  ["set", "sshd", "banip", "192.0.2.1"],
  ["set", "sshd", "banip", "192.0.2.0/24", "2001:db8::1"],
  ["set", "nginx-http.auth", "unbanip", "2001:db8::/48"],
  ["get", "sshd", "ignoreip"],
  ["get", "sshd", "bantime"],
  ["get", "sshd", "banip", "--with-time"],
];

const NO_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "nothing": [],
  "another command": ["stop"],
  "a command that runs what it is told": [
    "set",
    "sshd",
    "bantime",
    "__import__('os').getpid()",
  ],
  "more than a ping": ["ping", "sshd"],
  "more than a status": ["status", "sshd", "cymru"],
  "the status of all": ["status", "--all"],
  "a setting of the server": ["set", "logtarget", "banip", "192.0.2.1"],
  "every jail": ["set", "--all", "unbanip", "192.0.2.1"],
  "every jail of an old server": ["set", "all", "unbanip", "192.0.2.1"],
  "a jail with a blank": ["set", "a b", "banip", "192.0.2.1"],
  "no jail": ["set", "", "banip", "192.0.2.1"],
  "nobody banned": ["set", "sshd", "banip"],
  "everybody unbanned": ["set", "sshd", "unbanip"],
  "an option": ["set", "sshd", "unbanip", "--report-absent", "192.0.2.1"],
  "a name": ["set", "sshd", "unbanip", "example.net"],
  "an address that is not canonical": ["set", "sshd", "banip", "010.0.0.1"],
  "upper case": ["set", "sshd", "banip", "2001:DB8::1"],
  "host bits": ["set", "sshd", "banip", "192.0.2.1/24"],
  "a line end": ["set", "sshd", "banip", "192.0.2.1\n"],
  "the marker": ["set", "sshd", "banip", `192.0.2.1${END_MARKER}`],
  "the marker in a jail": ["set", `a${END_MARKER}`, "banip", "192.0.2.1"],
  "text behind the address": ["set", "sshd", "banip", "192.0.2.1 x"],
  "another setting of a jail": ["set", "sshd", "addaction", "192.0.2.1"],
  "another question": ["get", "sshd", "action", "iptables"],
  "a question with more": ["get", "sshd", "ignoreip", "192.0.2.1"],
  "a ban time that is set": ["set", "sshd", "bantime", "600"],
  "a ban time with more": ["get", "sshd", "bantime", "600"],
  "another separator": ["get", "sshd", "banip", "192.0.2.1"],
  "two separators": ["get", "sshd", "banip", "--with-time", "--with-time"],
  "a list without times": ["get", "sshd", "banip"],
  "a setting asked for": ["get", "dbfile", "ignoreip"],
};

for (const words of COMMANDS) {
  Deno.test(`fail2ban may be told: ${words.join(" ")}`, () => {
    deepStrictEqual(unpickle(pickleCommand(words)), words);
  });
}

for (const [what, words] of Object.entries(NO_COMMANDS)) {
  Deno.test(`fail2ban is not told: ${what}`, () => {
    throws(() => assertFail2banCommand(words), RangeError);
    throws(() => pickleCommand(words), RangeError);
  });
}

const anyWord = fc.oneof(
  fc.constantFrom(
    ...["ping", "version", "status", "set", "get", "banip", "unbanip"],
    ...["ignoreip", "--with-time", "sshd", "logtarget", "loglevel", "bantime"],
    ...["192.0.2.1", "192.0.2.1\n", "::1", "$(id)", "; reboot", "../x"],
    ...[END_MARKER, "", " ", "__proto__", "constructor"],
  ),
  anyAddress,
  anyJailName,
  fc.string({ unit: "binary", maxLength: 12 }),
);

const SETTINGS: ReadonlySet<string> = new Set(["logtarget", "loglevel"]);

Deno.test("whatever the words are, only known words, names of jails and addresses get through", () => {
  const known = new Set([
    ...["ping", "version", "status", "set", "get", "banip", "unbanip"],
    ...["ignoreip", "bantime", "--with-time"],
  ]);
  let sent = 0;
  const anyWords = fc.oneof(
    fc.array(anyWord, { maxLength: 5 }),
    fc.tuple(
      fc.constantFrom("set", "get", "status"),
      anyWord,
      fc.constantFrom("banip", "unbanip", "ignoreip", "bantime"),
      anyWord,
    ),
  );
  fc.assert(
    fc.property(anyWords, (words) => {
      try {
        deepStrictEqual(unpickle(pickleCommand(words)), words);
        sent++;
      } catch (error) {
        return ok(error instanceof RangeError, String(error));
      }
      const [verb = "", jail, what = "", ...rest] = words;
      ok(known.has(verb));
      // The two settings that are asked for, and never set, stand where a jail would.
      if (verb === "get" && SETTINGS.has(jail ?? "")) {
        return strictEqual(words.length, 2);
      }
      ok(jail === undefined || parseJailName(jail) === jail);
      ok(what === "" || known.has(what));
      for (const word of rest) {
        ok(known.has(word) || parseAddress(word) === word, word);
      }
    }),
    { numRuns: 5_000 },
  );
  ok(sent > 50, `${sent}`);
});
