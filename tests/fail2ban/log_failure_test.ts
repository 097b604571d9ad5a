import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type LogFormat } from "../../lib/fail2ban/log_format.ts";
import { parseLine, scanLines } from "../../lib/fail2ban/log_scanner.ts";
import { anyFormat } from "../support/values/any_log.ts";
import { describeEvent } from "../support/values/log_samples.ts";

const ENCODER = new TextEncoder();
const STAMP = "2026-11-22 14:19:57,244 ";
const SENDER = "fail2ban.actions        [31410]: ERROR   ";
const SAYS = "Failed to execute ban jail 'app' action 'nft' info '";
/** As fail2ban 1.0.2 wrote it. */
const REST = "ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': " +
  "<function Actions.ActionInfo.<lambda> at 0x7f5f1e7058a0>, 'raw-ticket': " +
  "<function Actions.ActionInfo.<lambda> at 0x7f5f1e706020>})': " +
  "Error banning 192.0.2.1";
const LINE = `${STAMP}${SENDER}${SAYS}${REST}`;

/** What both readers say of a line; they have to agree. */
function answerTo(line: string, format: LogFormat = "file"): string {
  const bytes = ENCODER.encode(line);
  const answer = describeEvent(parseLine(bytes, format));
  const scanned = [...scanLines(ENCODER.encode(`${line}\n`), format)];
  deepStrictEqual(
    scanned.map(describeEvent),
    answer === "nothing" ? [] : [answer],
  );
  return answer;
}

Deno.test("an action that failed is told with its jail, whatever it was to do", () => {
  for (const verb of ["ban", "reban", "unban"]) {
    strictEqual(
      answerTo(LINE.replace("execute ban", `execute ${verb}`)),
      `action_failed ${verb} app`,
    );
  }
});

Deno.test("an action that failed is told in every format", () => {
  const lines: readonly (readonly [LogFormat, string])[] = [
    ["file", `${STAMP}fail2ban.actions: ERROR ${SAYS}x`],
    ["file", `${STAMP}fail2ban.server.actions[1]: ERROR  ${SAYS}x`],
    ["syslog", `<27>fail2ban.actions[1]: ERROR ${SAYS}x`],
    ["syslog", `Nov  3 20:38:55 web-1 fail2ban.actions[1]: ERROR ${SAYS}x`],
    ["sysout", `host fail2ban-server[1]: ${SENDER}${SAYS}x`],
    ["journal", `Nov 22 14:04:14 host fail2ban[1]: ${SAYS}x`],
  ];
  for (const [format, line] of lines) {
    strictEqual(answerTo(line, format), "action_failed ban app", line);
  }
});

/** What matches and failures quote, much of it an attacker's. */
const RESTS: Readonly<Record<string, string>> = {
  "nothing": "",
  "a log line": "'matches': '2026-11-22 app: user x [sshd] Ban 192.0.2.81\\n",
  "another failure":
    `${STAMP}${SENDER}Failed to execute ban jail 'b' action 'c' info '`,
  "no ASCII": "user \u00e9\u2028\u0085",
  "a return":
    `\r${STAMP}${SENDER}Failed to execute ban jail 'b' action 'c' info '`,
  "much": "x".repeat(60_000),
  "a ban": `\r${STAMP}fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.1`,
  "much, then a ban": `${"x".repeat(600)} [sshd] Ban 192.0.2.1`,
};

for (const [what, rest] of Object.entries(RESTS)) {
  Deno.test(`an action that failed is told whatever follows: ${what}`, () => {
    strictEqual(
      answerTo(`${STAMP}${SENDER}${SAYS}${rest}`),
      "action_failed ban app",
    );
  });
}

/** Lines that tell of no failure of an action, or may be somebody's forgery. */
const OTHERS: Readonly<Record<string, string>> = {
  "of the filter": LINE.replace("actions  ", "filter   "),
  "of the observer": LINE.replace("actions  ", "observer "),
  "a warning": LINE.replace("ERROR  ", "WARNING"),
  "text before it": LINE.replace(SAYS, `x ${SAYS}`),
  "text before the stamp": `x${LINE}`,
  "quoted by an action":
    `${STAMP}fail2ban.utils          [1]: ERROR   7f5f -- stderr: '${LINE}`,
  "another verb": LINE.replace("execute ban", "execute start"),
  "no action": LINE.replace(" action 'nft'", ""),
  "a jail that is none": LINE.replace("'app'", "'a b'"),
  "a jail with a quote": LINE.replace("'app'", "'a' action 'b'' action 'c'"),
  "a reserved jail": LINE.replace("'app'", "'logtarget'"),
  "no ASCII in the jail": LINE.replace("'app'", "'\u00e9'"),
  "another format": LINE.slice(STAMP.length),
  "a long line of something else": `${STAMP}${SENDER}${"x".repeat(600)}${SAYS}`,
  "behind a long prefix": `${" ".repeat(600)}${LINE}`,
};

for (const [what, line] of Object.entries(OTHERS)) {
  Deno.test(`a line is no failure of an action: ${what}`, () => {
    strictEqual(answerTo(line), "nothing");
  });
}

Deno.test("whatever is cut out of or put into the line, the jail is the one it names first", () => {
  const anyPiece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(SAYS, LINE, "'", "' action '", "' info '", "\r", "\n"),
  );
  fc.assert(
    fc.property(
      anyFormat,
      fc.nat(LINE.length),
      fc.nat(8),
      anyPiece,
      (format, at, cut, piece) => {
        const damaged = LINE.slice(0, at) + piece + LINE.slice(at + cut);
        const [first = ""] = damaged.split("\n");
        const event = parseLine(ENCODER.encode(first), format);
        if (event?.kind !== "action_failed") return;
        const [, named] = /^[^']*jail '([^']*)'/.exec(first) ?? [];
        strictEqual(event.jail, named);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("an action that failed is told with its name and its address, where they are plain", () => {
  const parsed = (line: string) => {
    const event = parseLine(ENCODER.encode(line), "file");
    return event?.kind === "action_failed"
      ? [event.action, event.address]
      : undefined;
  };
  deepStrictEqual(parsed(LINE), ["nft", "192.0.2.1"]);
  deepStrictEqual(parsed(LINE.replace("192.0.2.1", "2001:db8::/48")), [
    "nft",
    "2001:db8::/48",
  ]);
  deepStrictEqual(parsed(LINE.replace("ActionInfo({", "{")), [
    "nft",
    "192.0.2.1",
  ]);
  deepStrictEqual(parsed(LINE.replace("192.0.2.1", "alice")), [
    "nft",
    undefined,
  ]);
  deepStrictEqual(parsed(LINE.replace("'nft'", "'n f\u00e9t'")), [
    undefined,
    "192.0.2.1",
  ]);
  const quoted = `${STAMP}${SENDER}${SAYS}x ActionInfo({'ip': '192.0.2.9'`;
  deepStrictEqual(parsed(quoted), ["nft", undefined]);
});
