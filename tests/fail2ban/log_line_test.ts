import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseAddress } from "../../lib/base/address.ts";
import { type LogFormat } from "../../lib/fail2ban/log_format.ts";
import { MAX_EVENT_LINE_LENGTH } from "../../lib/fail2ban/log_line.ts";
import { parseLine, scanLines } from "../../lib/fail2ban/log_scanner.ts";
import { refusal } from "../../lib/protection/protection_policy.ts";
import {
  LOG_INJECTIONS,
  withCharacters,
} from "../support/values/log_injections.ts";
import { describeEvent, LOG_SAMPLES } from "../support/values/log_samples.ts";

const ENCODER = new TextEncoder();
const PREFIX =
  "2026-11-22 14:04:14,285 fail2ban.actions        [10390]: NOTICE  ";
const BAN = `${PREFIX}[sshd] Ban 192.0.2.1`;

Deno.test("each of the 50 samples gets its right answer", async (test) => {
  deepStrictEqual(
    LOG_SAMPLES.map(({ number }) => number),
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
  for (const { number, format, answer, line } of LOG_SAMPLES) {
    await test.step(`sample ${number}: ${answer}`, () => {
      strictEqual(answerTo(line, format), answer);
      deepStrictEqual(answersTo(`${line}\n`, format), said(answer));
    });
  }
});

Deno.test("the samples, one log after the other, say the same as each alone", () => {
  const samples = LOG_SAMPLES.filter(({ format }) => format === "file");
  const log = samples.map(({ line }) => `${line}\n`).join("");
  deepStrictEqual(
    answersTo(log, "file"),
    samples.flatMap(({ answer }) => said(answer)),
  );
});

Deno.test("a sample that is a ban but too wide is left to the policy", () => {
  const address = parseAddress("10.0.0.0/8");
  ok(address !== undefined);
  const policy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
  strictEqual(refusal(address, policy)?.rule, "too-wide");
});

Deno.test("case 19: text that others can put into the log is no event", async (test) => {
  ok(LOG_INJECTIONS.length > 100);
  for (const [format, line] of LOG_INJECTIONS) {
    await test.step(`${format}: ${JSON.stringify(line)}`, () => {
      ok(/^(?:nothing|refused \w+)$/.test(answerTo(line, format)));
      ok(answersTo(`${line}\n`, format).every((it) => /^refused /.test(it)));
    });
  }
});

Deno.test("a line in a format that is not the configured one is never taken for a ban", () => {
  const formats: LogFormat[] = ["file", "syslog", "sysout", "journal"];
  // Without stamp and host, what syslog and journald get is the same.
  const shared = new Set([42]);
  for (const { number, format, answer, line } of LOG_SAMPLES) {
    if (!/^(?:ban|unban) /.test(answer)) continue;
    for (const other of formats) {
      if (other === format || shared.has(number) && other === "syslog") {
        continue;
      }
      strictEqual(
        answerTo(line, other),
        "refused format",
        `sample ${number} read as ${other}`,
      );
    }
  }
});

Deno.test("each format has its shapes", () => {
  const ban = "[sshd] Ban 192.0.2.1";
  const shapes: readonly (readonly [LogFormat, string])[] = [
    ["file", "2026-11-22 14:04:14,285 fail2ban.actions: WARNING "],
    ["file", "2026-11-22 14:04:14,285 fail2ban.actions [1]: NOTICE  "],
    ["file", "2026-11-22 14:04:14,285 fail2ban.server.actions[1]: NOTICE  "],
    ["syslog", "fail2ban.actions[1]: NOTICE "],
    ["syslog", "<29>fail2ban.actions[1]: NOTICE "],
    ["syslog", "<29>Nov  3 20:38:55 web-1 fail2ban.actions[1]: NOTICE "],
    ["syslog", "Nov 13 20:38:55 2001:db8::1 fail2ban.actions[1]: NOTICE "],
    ["syslog", "Nov 13 20:38:55 fe80:: fail2ban.actions[1]: NOTICE "],
    [
      "syslog",
      "2026-11-22T14:04:14.285123+01:00 web_1.example fail2ban.actions[1]: NOTICE ",
    ],
    ["sysout", "fail2ban.actions        [1]: NOTICE  "],
    ["sysout", "host fail2ban-server[1]: fail2ban.actions [1]: NOTICE  "],
    [
      "sysout",
      "2026-11-22T14:04:14+0100 host fail2ban-server[1]: fail2ban.actions [1]: NOTICE  ",
    ],
    ["journal", "host fail2ban[1]: "],
    ["journal", "Nov 22 14:04:14 host fail2ban[1]: "],
    ["journal", "2026-11-22T14:04:14Z host fail2ban-server[1]: "],
  ];
  for (const [format, prefix] of shapes) {
    strictEqual(
      answerTo(prefix + ban, format),
      "ban sshd 192.0.2.1",
      `${format}: ${prefix}`,
    );
  }
});

Deno.test("stops and starts are told from the logger that writes them", () => {
  const marks: readonly (readonly [string, string, string])[] = [
    ["server", "Shutdown in progress...", "server_stopping"],
    ["server", "Stopping all jails", "server_stopping"],
    ["server", "Exiting Fail2ban", "server_stopping"],
    ["server", "Starting Fail2ban v1.0.2", "server_starting"],
    ["jail", "Jail 'a.b' stopped", "jail_stopped a.b"],
    ["jail", "Jail 'a.b' started", "jail_started a.b"],
    ["jail", "Creating new jail 'a.b'", "jail_started a.b"],
    ["jail", "Jail 'a.b' uses pyinotify {}", "nothing"],
    ["server", "Reload jail 'a.b'", "nothing"],
  ];
  for (const [logger, message, answer] of marks) {
    const sender = `fail2ban.${logger}`.padEnd(24);
    const line = `2026-11-22 14:04:14,285 ${sender}[1]: INFO    ${message}`;
    strictEqual(answerTo(line, "file"), answer, message);
    strictEqual(answerTo(`host fail2ban[1]: ${message}`, "journal"), answer);
  }
});

Deno.test("a prolonged ban has its time in every notation of fail2ban", () => {
  const times: readonly (readonly [string, string])[] = [
    ["4:00:00", "14400"],
    ["1 day, 0:00:01", "86401"],
    ["400 days, 10:00:00", "34596000"],
    ["6s", "6"],
    ["59m 50s", "3590"],
    ["2d 7h 15m", "198900"],
    ["1w 1d", "691200"],
    ["1y 3w 4d", "33696000"],
    ["permanent", "permanent"],
    ["0", "0"],
    ["3.0s", "3"],
    ["19.471996711737987s", "19.471996711737987"],
    ["6.0m 28.065196473206754s", "388.06519647320675"],
    ["1.5e-05s", "0.000015"],
    ["0:00:19.471996", "19.471996"],
    ["1 day, 0:00:00.500000", "86400.5"],
  ];
  for (const [text, seconds] of times) {
    const end = text === "permanent" ? "infinite" : "2027-01-01 00:00:00";
    const line =
      `2026-11-22 14:20:50,657 fail2ban.observer       [1]: NOTICE  [app] Increase Ban 2001:db8::/64 (12 # ${text} -> ${end})`;
    strictEqual(
      answerTo(line, "file"),
      `increase app 2001:db8::/64 12 ${seconds}`,
    );
  }
});

Deno.test("what can't be shared is told apart: the jail, the target, the bytes, the format", () => {
  const refusals: readonly (readonly [string, string])[] = [
    [`${PREFIX}[all] Ban 192.0.2.1`, "jail"],
    [`${PREFIX}[my jail] Unban 192.0.2.1`, "jail"],
    [`${PREFIX}[] Ban 192.0.2.1`, "jail"],
    [`${PREFIX}[sshd] Ban alice`, "target"],
    [`${PREFIX}[sshd] Restore Ban 192.0.2.01`, "target"],
    [`${BAN}\r`, "bytes"],
    [BAN.slice("2026-11-22 14:04:14,285 ".length), "format"],
    [`<29>${BAN.slice("2026-11-22 14:04:14,285 ".length)}`, "format"],
    ["host fail2ban[1]: [sshd] Ban 192.0.2.1", "format"],
  ];
  for (const [line, reason] of refusals) {
    strictEqual(answerTo(line, "file"), `refused ${reason}`, line);
    deepStrictEqual(answersTo(`${line}\n`, "file"), [`refused ${reason}`]);
  }
});

Deno.test("what other loggers say is not even refused", () => {
  for (const logger of ["filter", "filtersystemd", "utils", "transmitter"]) {
    const sender = `fail2ban.${logger}`.padEnd(24);
    const line =
      `2026-11-22 14:04:14,285 ${sender}[1]: NOTICE  [sshd] Ban 192.0.2.1`;
    strictEqual(answerTo(line, "file"), "nothing");
    deepStrictEqual(answersTo(`${line}\n`, "file"), []);
  }
});

Deno.test("only byte 0x0A ends a line", () => {
  const others = ["<NUL>", "<VT>", "<FF>", "<CR>", "<NEL>", "<LS>", "<PS>"];
  for (const name of others) {
    const log = withCharacters(`noise${name}${BAN}${name}${BAN}\n${BAN}\n`);
    deepStrictEqual(
      answersTo(log, "file"),
      ["refused bytes", "ban sshd 192.0.2.1"],
      name,
    );
  }
  deepStrictEqual(answersTo(`\n\n${BAN}\n\n`, "file"), ["ban sshd 192.0.2.1"]);
});

Deno.test("a short line says the same whatever follows it", () => {
  const short = "+NOTICE [a] Ban 1.1.1.1";
  strictEqual(answerTo(short, "file"), "refused format");
  deepStrictEqual(
    answersTo(`${short}\nfail2ban.filter [1]: INFO\n`, "file"),
    ["refused format"],
  );
});

Deno.test("a line that has not ended yet says nothing yet", () => {
  for (const format of ["file", "syslog", "sysout", "journal"] as const) {
    deepStrictEqual(answersTo(BAN, format), []);
  }
  deepStrictEqual(answersTo(`${BAN}\n${BAN}`, "file"), ["ban sshd 192.0.2.1"]);
});

Deno.test("a line over the bound is left out, one of its length is read", () => {
  const padded = (length: number) => {
    const [head = "", message = ""] = BAN.split(/(?=\[sshd\])/);
    return head.padEnd(length - message.length) + message;
  };
  const longest = padded(MAX_EVENT_LINE_LENGTH);
  strictEqual(longest.length, MAX_EVENT_LINE_LENGTH);
  strictEqual(answerTo(longest, "file"), "ban sshd 192.0.2.1");
  strictEqual(answerTo(padded(MAX_EVENT_LINE_LENGTH + 1), "file"), "nothing");
  const endless = `${"x".repeat(1_000_000)} ${BAN}`;
  strictEqual(answerTo(endless, "file"), "nothing");
  deepStrictEqual(
    answersTo(`${endless}\n${BAN}\n`, "file"),
    ["ban sshd 192.0.2.1"],
  );
});

Deno.test("bytes that are not UTF-8 are no reason to fail, and no part of a ban", () => {
  const bytes = (text: string) =>
    Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const broken = [
    "\x80",
    "\x85",
    "\xa0",
    "\xff",
    "\xc0\x8a",
    "\xe2\x80",
    "\xf0",
  ];
  for (const byte of broken) {
    for (let at = 0; at <= BAN.length; at++) {
      const line = BAN.slice(0, at) + byte + BAN.slice(at);
      const answer = describeEvent(parseLine(bytes(line), "file"));
      ok(/^(?:nothing|refused bytes)$/.test(answer), `${at}: ${answer}`);
    }
    const log = bytes(`${byte}${BAN}\n${BAN}${byte}\n${BAN}\n`);
    const answers = [...scanLines(log, "file")].map(describeEvent);
    deepStrictEqual(answers, [
      "refused bytes",
      "refused bytes",
      "ban sshd 192.0.2.1",
    ]);
  }
});

/** What one line says, in a few words. */
function answerTo(line: string, format: LogFormat): string {
  return describeEvent(parseLine(ENCODER.encode(line), format));
}

/** What a log says, in a few words each. */
function answersTo(log: string, format: LogFormat): string[] {
  return [...scanLines(ENCODER.encode(log), format)].map(describeEvent);
}

function said(answer: string): string[] {
  return answer === "nothing" ? [] : [answer];
}

Deno.test("an increase whose duration can't be read, or held exactly, is refused aloud", () => {
  const increase = (lasts: string) =>
    answerTo(
      `2026-11-22 14:20:50,657 fail2ban.observer       [3440]: NOTICE  [app] Increase Ban 192.0.2.1 (2 # ${lasts} -> infinite)`,
      "file",
    );
  strictEqual(
    increase("9007199254740991s"),
    "increase app 192.0.2.1 2 9007199254740991",
  );
  strictEqual(increase("9007199254740992s"), "refused duration");
  strictEqual(increase("9".repeat(38) + "y"), "refused duration");
  strictEqual(increase("999999999y"), "refused duration");
  strictEqual(increase("9999999999999 days, 0:00:00"), "refused duration");
  for (const odd of ["1,5s", "-3s", "inf", "6 minutes", "1.s", "nans", ".5s"]) {
    strictEqual(increase(odd), "refused duration");
  }
});
