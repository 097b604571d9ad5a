/**
 * Lines with text of an attacker who wants another address banned. None of them
 * is an event.
 *
 * @module
 */

import {
  LINE_FORMATS,
  type LineFormat,
  type LogFormat,
  RECORD_FORMATS,
  type RecordFormat,
} from "../../../lib/fail2ban/log_format.ts";
import {
  dockerRecord,
  journalRecord,
  recordOf,
} from "../fail2ban/record_lines.ts";

/**
 * Names of bytes and characters that should not appear literally in a source.
 */
const NAMED_CHARACTERS: Readonly<Record<string, string>> = {
  "<NUL>": "\0",
  "<TAB>": "\t",
  "<VT>": "\x0b",
  "<FF>": "\f",
  "<CR>": "\r",
  "<ESC>": "\x1b",
  "<DEL>": "\x7f",
  "<NEL>": "\u0085",
  "<NBSP>": "\u00a0",
  "<LS>": "\u2028",
  "<PS>": "\u2029",
  "<BOM>": "\ufeff",
  "<FULLWIDTH1>": "\uff11",
  "<SP>": " ",
};

const D = "2026-11-22 14:03:40,537";
const A = "fail2ban.actions        [10390]: NOTICE ";

const LINES: Readonly<Record<LineFormat, string>> = {
  file: String.raw`
${D} fail2ban.filter         [10390]: INFO    [app] Found x [sshd] Ban 192.0.2.9
${D} fail2ban.filter         [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.filter         [10390]: INFO    [app] Found ${D} ${A} [sshd] Ban 192.0.2.9
${D} fail2ban.filter         [10390]: WARNING [app] Line with odd timestamp: ${D} ${A} [sshd] Ban 192.0.2.9
${D} fail2ban.utils          [10390]: ERROR   7fe5 -- stderr: '${D} ${A} [sshd] Ban 192.0.2.9'
${D} fail2ban.transmitter    [10390]: ERROR   Command ['set', 'a] Ban 192.0.2.9', 'banip', '[sshd] Ban 192.0.2.9
${D} fail2ban.actions        [10390]: ERROR   Failed to execute ban jail 'a' info 'x [sshd] Ban 192.0.2.9
${D} fail2ban.actions        [10390]: ERROR   [sshd] Ban 192.0.2.9
${D} fail2ban.actions        [10390]: INFO    [sshd] Ban 192.0.2.9
${D} fail2ban.actions        [10390]: DEBUG   [sshd] Ban 192.0.2.9
${D} fail2ban.observer       [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.server         [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.jail           [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.actionsx       [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.server.server.actions[10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2banXactions        [10390]: NOTICE  [sshd] Ban 192.0.2.9
${D} fail2ban.actions        [10390]: NOTICE  [app] Increase Ban 192.0.2.9 (2 # 6s -> 2026-11-22 14:20:55)
${D} fail2ban.observer       [10390]: NOTICE  [app] Increase Ban x [sshd] Increase Ban 192.0.2.9 (2 # 6s -> 2026-11-22 14:20:55)
${D} fail2ban.observer       [10390]: NOTICE  [app] Increase Ban 192.0.2.9 (2 # 6s -> x) (2 # 6s -> 2026-11-22 14:20:55)
${D} fail2ban.observer       [10390]: NOTICE  [app] Increase Ban 192.0.2.9 (2 # 6 moons -> 2026-11-22 14:20:55)
${D} fail2ban.observer       [10390]: NOTICE  [app] Increase Ban 192.0.2.9 (2 # 6x -> 2026-11-22 14:20:55)
${D} fail2ban.filter         [10390]: INFO    Shutdown in progress...
${D} fail2ban.server         [10390]: INFO    x Shutdown in progress...
${D} fail2ban.server         [10390]: INFO    Starting Fail2ban v1 x
${D} fail2ban.jail           [10390]: INFO    Jail 'a' stopped' stopped
${D} fail2ban.jail           [10390]: INFO    Jail 'a b' stopped
${D} fail2ban.jail           [10390]: INFO    Creating new jail 'logtarget'
${D} ${A} [app] Ban x [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban 192.0.2.9 x] Ban 192.0.2.9
${D} ${A} [app] Ban 192.0.2.9 [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<CR>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<NUL>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<VT>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<FF>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<NEL>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<LS>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban x<PS>${D} ${A} [sshd] Ban 192.0.2.9
${D} ${A} [app] Ban 192.0.2.9<CR>
${D} ${A} [app] Ban 192.0.2.9<NUL>
${D} ${A} [app] Ban 192.0.2.9<DEL>
${D} ${A} [app] Ban 192.0.2.9<NBSP>
${D} ${A} [app] Ban 192.0.2.9<SP>
${D} ${A} [app] Ban <SP>192.0.2.9
${D} ${A} [app] Ban<TAB>192.0.2.9
${D} ${A} [app] <ESC>[2KBan 192.0.2.9
${D} ${A} [app] Ban 192.0.2.<FULLWIDTH1>
${D} ${A} [app] Ban 192.0.2.9 - ${D}
${D} ${A} [app] Ban 192.0.2.9, 192.0.2.10
${D} ${A} [app] Ban 192.0.2.9:22
${D} ${A} [app] Ban 192.0.2.9/33
${D} ${A} [app] Ban 192.0.2.9/24
${D} ${A} [app] Ban 192.0.2.09
${D} ${A} [app] Ban 3221225993
${D} ${A} [app] Ban 0xc0000209
${D} ${A} [app] Ban 192.0.521
${D} ${A} [app] Ban [2001:db8::9]
${D} ${A} [app] Ban 2001:DB8::9
${D} ${A} [app] Ban 2001:db8:0::9
${D} ${A} [app] Ban fe80::1%eth0
${D} ${A} [app] Ban ::ffff:192.0.2.9
${D} ${A} [app] Ban localhost
${D} ${A} [app] BAN 192.0.2.9
${D} ${A} [app] ban 192.0.2.9
${D} ${A} [app] Rebann 192.0.2.9
${D} ${A} [app] Reban 192.0.2.9
${D} ${A} [] Ban 192.0.2.9
${D} ${A} [a b] Ban 192.0.2.9
${D} ${A} [a|b] Ban 192.0.2.9
${D} ${A} [all] Ban 192.0.2.9
${D} ${A} [dbfile] Ban 192.0.2.9
${D} ${A} [-a] Ban 192.0.2.9
${D} ${A} [$(id)] Ban 192.0.2.9
${D} ${A} x[app] Ban 192.0.2.9
${D} x ${A} [app] Ban 192.0.2.9
x ${D} ${A} [app] Ban 192.0.2.9
<SP>${D} ${A} [app] Ban 192.0.2.9
<BOM>${D} ${A} [app] Ban 192.0.2.9
<CR>${D} ${A} [app] Ban 192.0.2.9
2026-11-22T14:03:40,537 ${A} [app] Ban 192.0.2.9
2026-11-22 14:03:40 ${A} [app] Ban 192.0.2.9
${A} [app] Ban 192.0.2.9
[app] Ban 192.0.2.9
iptables -I f2b-app 1 -s ${D} ${A} [app] Ban 192.0.2.9`,
  syslog: String.raw`
Jan 16 17:11:25 host sshd[1]: Invalid user fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host sshd[1]: fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host x fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host su: fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 su: fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 dd: fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host message repeated 2 times: [ fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host fail2ban.filter[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9#015
Jan 16 17:11:25 host fail2ban.actions[1]: NOTICE [app] Ban x#012Jan 16 17:11:25 host fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
Jan 16 17:11:25 host<NBSP>x fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
16 Jan 17:11:25 host fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
<<29>>fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
<29><29>fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
<29> fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9
host fail2ban[1]: [sshd] Ban 192.0.2.9
host fail2ban.actions[1]: NOTICE [sshd] Ban 192.0.2.9`,
  sysout: String.raw`
Mar 05 08:41:28 host sshd[1]: ${A} [sshd] Ban 192.0.2.9
Mar 05 08:41:28 host sshd[1]: Invalid user host fail2ban-server[1]: ${A} [sshd] Ban 192.0.2.9
Mar 05 08:41:28 host fail2ban-client[1]: ${A} [sshd] Ban 192.0.2.9
Mar 05 08:41:28 host fail2ban-server: ${A} [sshd] Ban 192.0.2.9
Mar 05 08:41:28 su: fail2ban-server[1]: ${A} [sshd] Ban 192.0.2.9
Mar 05 08:41:28 host fail2ban-server[1]: [sshd] Ban 192.0.2.9
Mar 05 08:41:28 host fail2ban-server[1]: fail2ban.filter         [1]: NOTICE  [sshd] Ban 192.0.2.9
${D} ${A} [sshd] Ban 192.0.2.9`,
  journal: String.raw`
host sshd[1]: fail2ban[1]: [sshd] Ban 192.0.2.9
host sshd[1]: Invalid user host fail2ban[1]: [sshd] Ban 192.0.2.9
su: fail2ban[1]: [sshd] Ban 192.0.2.9
host fail2ban: [sshd] Ban 192.0.2.9
host fail2ban-client[1]: [sshd] Ban 192.0.2.9
host fail2ban[1]: [app] Found x [sshd] Ban 192.0.2.9
host fail2ban[1]: Command ['[sshd] Ban 192.0.2.9
host fail2ban[1]: [app] Ban x [sshd] Ban 192.0.2.9
host fail2ban[1]: ${A} [sshd] Ban 192.0.2.9
host fail2ban[1]:  [sshd] Ban 192.0.2.9
Mar 05 08:41:28.123 host fail2ban[1]: [sshd] Ban 192.0.2.9
              [sshd] Ban 192.0.2.9
[sshd] Ban 192.0.2.9`,
};

const BAN = "[sshd] Ban 192.0.2.9";
const BAN_LINE = `${D} ${A} ${BAN}`;
const BY_LOGGER = { SYSLOG_IDENTIFIER: "fail2ban", PRIORITY: "4" };

/** Records that are not fail2ban's, incomplete, or in another format. */
const RECORDS: Readonly<Record<RecordFormat, readonly string[]>> = {
  "journal-json": [
    ...["sshd.service", "fail2ban.service.evil", "", undefined, null, 1]
      .map((_SYSTEMD_UNIT) =>
        journalRecord({ _SYSTEMD_UNIT, MESSAGE: BAN_LINE })
      ),
    journalRecord({
      ...{ _SYSTEMD_UNIT: "init.scope", UNIT: "fail2ban.service" },
      MESSAGE: BAN_LINE,
    }),
    journalRecord({ _SYSTEMD_UNIT: ["fail2ban.service"], MESSAGE: BAN_LINE }),
    journalRecord({
      ...{ _SYSTEMD_UNIT: "user@1000.service", MESSAGE: BAN_LINE },
      _SYSTEMD_USER_UNIT: "fail2ban.service",
    }),
    journalRecord({ SYSLOG_IDENTIFIER: "root", MESSAGE: BAN_LINE }),
    journalRecord({ SYSLOG_IDENTIFIER: undefined, MESSAGE: BAN_LINE }),
    journalRecord({ MESSAGE: [BAN_LINE, BAN_LINE] }),
    journalRecord({ MESSAGE: [...BAN_LINE].map((char) => char.charCodeAt(0)) }),
    journalRecord({ MESSAGE: null }),
    journalRecord({ MESSAGE: BAN }),
    journalRecord({ MESSAGE: `x\n${BAN_LINE}` }),
    journalRecord({ MESSAGE: `${BAN_LINE}\n` }),
    journalRecord({ __REALTIME_TIMESTAMP: "now", MESSAGE: BAN_LINE }),
    journalRecord({ ...BY_LOGGER, LOGGER: "fail2ban.filter", MESSAGE: BAN }),
    journalRecord({ ...BY_LOGGER, LOGGER: "fail2ban", MESSAGE: BAN }),
    journalRecord({ ...BY_LOGGER, LOGGER: ["fail2ban.actions"], MESSAGE: BAN }),
    journalRecord({
      ...{ ...BY_LOGGER, LOGGER: "fail2ban.actions" },
      ...{ PRIORITY: "6", MESSAGE: BAN },
    }),
    BAN_LINE,
    `host fail2ban[1]: ${BAN}`,
    journalRecord({ MESSAGE: BAN_LINE }).slice(0, -1),
    `[${journalRecord({ MESSAGE: BAN_LINE })}]`,
    `x${journalRecord({ MESSAGE: BAN_LINE })}`,
  ],
  "docker-json": [
    dockerRecord(`x ${BAN_LINE}\n`),
    dockerRecord(`${BAN_LINE}\r\n`),
    dockerRecord(`x\n${BAN_LINE}\n`),
    dockerRecord(`${BAN}\n`),
    JSON.stringify({ log: [BAN_LINE], stream: "stdout" }),
    JSON.stringify({ message: `${BAN_LINE}\n`, stream: "stdout" }),
    JSON.stringify({ log: "x", attrs: { log: `${BAN_LINE}\n` } }),
    BAN_LINE,
    "null",
  ],
  "container": [
    `web-1  | ${BAN_LINE}`,
    `web-1  | 2026-11-22T14:13:03.659Z ${BAN_LINE}`,
    `web-1  | fail2ban-1  | ${BAN_LINE}`,
    `fail2ban-1  | web-1  | ${BAN_LINE}`,
    `fail2ban-1  | ${BAN}`,
    `fail2ban 1  | ${BAN_LINE}`,
    `2026-11-22T14:13:03.659Z 2026-11-22T14:13:03.659Z ${BAN_LINE}`,
    `2026-11-22T14:13:03.659Z stdin F ${BAN_LINE}`,
    `2026-11-22T14:13:03.659Z stdout X ${BAN_LINE}`,
    dockerRecord(`${BAN_LINE}\n`),
  ],
};

const LINE_INJECTIONS = LINE_FORMATS.flatMap((format) =>
  LINES[format].slice(1).split("\n")
    .map((line) => [format, withCharacters(line)] as const)
);

/**
 * A line that is no event in a file is none in a record either; only a
 * timestamp may be missing there.
 */
const WRAPPED_INJECTIONS = RECORD_FORMATS.flatMap((format) =>
  LINE_INJECTIONS.filter(([of, line]) =>
    of === "file" && !line.startsWith("fail2ban.")
  ).map(([, line]) => [format, recordOf(line, format)] as const)
);

/** Each line with its format. */
export const LOG_INJECTIONS: readonly (readonly [LogFormat, string])[] = [
  ...LINE_INJECTIONS,
  ...WRAPPED_INJECTIONS,
  ...RECORD_FORMATS.flatMap((format) =>
    RECORDS[format].map((line) => [format, line] as const)
  ),
];

/** Replaces the names of characters by the characters. */
export function withCharacters(text: string): string {
  return text.replaceAll(
    /<[A-Z]+1?>/g,
    (name) => NAMED_CHARACTERS[name] ?? name,
  );
}
