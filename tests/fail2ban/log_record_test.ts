import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type LogFormat,
  RECORD_FORMATS,
} from "../../lib/fail2ban/log_format.ts";
import { LogScanner, parseLine } from "../../lib/fail2ban/log_scanner.ts";
import { hasZone, timeOfLine } from "../../lib/fail2ban/line_time.ts";
import {
  dockerRecord,
  journalRecord,
  RECORDED_MS,
  recordOf,
} from "../support/fail2ban/record_lines.ts";
import { describeEvent, LOG_SAMPLES } from "../support/values/log_samples.ts";

const ENCODER = new TextEncoder();
const BAN = "[sshd] Ban 192.0.2.9";
const SENDER = "fail2ban.actions        [1]: NOTICE  ";
const LINE = `2026-11-22 09:13:03,659 ${SENDER}${BAN}`;
const STAMP = "2026-11-22T14:13:03.659123456Z";

function answersTo(format: LogFormat, ...lines: string[]): string[] {
  return [...scan(format, ...lines)].map(({ event }) => describeEvent(event));
}

function scan(format: LogFormat, ...lines: string[]) {
  const text = lines.map((line) => `${line}\n`).join("");
  return new LogScanner(format).scan(ENCODER.encode(text));
}

/** A ban in every form that those who keep output give it. */
const SHAPES: readonly (readonly [LogFormat, string])[] = [
  ["journal-json", journalRecord({ MESSAGE: `${SENDER}${BAN}` })],
  ["journal-json", journalRecord({ MESSAGE: LINE })],
  // logtarget = SYSTEMD-JOURNAL, by python-systemd.
  ...["4", "5"].map((PRIORITY) =>
    [
      "journal-json",
      journalRecord({
        ...{ SYSLOG_IDENTIFIER: "fail2ban", LOGGER: "fail2ban.actions" },
        ...{ PRIORITY, MESSAGE: BAN, _TRANSPORT: "journal" },
        ...{ _STREAM_ID: undefined, THREAD_NAME: "f2b/a.sshd" },
      }),
    ] as const
  ),
  // logtarget = SYSLOG, by journald's /dev/log.
  [
    "journal-json",
    journalRecord({
      ...{ SYSLOG_IDENTIFIER: "fail2ban.actions", SYSLOG_PID: "12" },
      ...{ MESSAGE: `NOTICE ${BAN}`, _TRANSPORT: "syslog" },
    }),
  ],
  ["docker-json", dockerRecord(`${LINE}\n`)],
  ["docker-json", dockerRecord(`${SENDER}${BAN}\n`, "stderr")],
  ["container", `fail2ban-1  | ${STAMP} ${LINE}`],
  ["container", `my_Fail2Ban.x | ${STAMP} ${SENDER}${BAN}`],
  ["container", `${STAMP} ${LINE}`],
  ["container", `${STAMP} stdout F ${LINE}`],
  ["container", `2026-11-22T15:13:03.659+01:00 stderr F ${LINE}`],
];

Deno.test("a ban is read from the record of whoever keeps fail2ban's output, with that record's time", () => {
  for (const [format, record] of SHAPES) {
    const [read] = [...scan(format, record)];
    strictEqual(describeEvent(read?.event), "ban sshd 192.0.2.9", record);
    const line = read?.line ?? "";
    strictEqual(hasZone(line), true, line);
    strictEqual(timeOfLine(line, 0), RECORDED_MS, line);
  }
});

Deno.test("a record without a time leaves the line its own", () => {
  const shapes: readonly (readonly [LogFormat, string])[] = [
    ["container", `fail2ban  | ${LINE}`],
    ["container", LINE],
    ["docker-json", JSON.stringify({ log: `${LINE}\n` })],
  ];
  for (const [format, record] of shapes) {
    const [read] = [...scan(format, record)];
    deepStrictEqual(
      [describeEvent(read?.event), read?.line],
      ["ban sshd 192.0.2.9", LINE],
    );
  }
  deepStrictEqual(answersTo("container", `fail2ban  | ${SENDER}${BAN}`), [
    "ban sshd 192.0.2.9",
  ]);
});

Deno.test("what fail2ban wrote says the same in every record", () => {
  for (const { format, line, answer } of LOG_SAMPLES) {
    if (format !== "file") continue;
    for (const each of RECORD_FORMATS) {
      const bytes = ENCODER.encode(recordOf(line, each));
      strictEqual(describeEvent(parseLine(bytes, each)), answer, each);
    }
  }
});

/** The first part of a line that was cut, of one output, and what follows. */
const CUTS: Readonly<Record<string, (text: string, out: string) => string>> = {
  "docker-json": (text, out) => dockerRecord(text, out),
  "container": (text, out) => `${STAMP} ${out} P ${text}`,
  "journal-json": (text, out) =>
    journalRecord({
      ...{ MESSAGE: text, _STREAM_ID: out, _LINE_BREAK: "line-max" },
    }),
};

const WHOLE: Readonly<Record<string, (text: string, out: string) => string>> = {
  "docker-json": (text, out) => dockerRecord(`${text}\n`, out),
  "container": (text, out) => `${STAMP} ${out} F ${text}`,
  "journal-json": (text, out) =>
    journalRecord({ MESSAGE: text, _STREAM_ID: out }),
};

for (const format of RECORD_FORMATS) {
  Deno.test(`the rest of a line that was cut is no line, however it begins: ${format}`, () => {
    const cut = CUTS[format] ?? String;
    const whole = WHOLE[format] ?? String;
    const long = `${LINE.replace(BAN, "")}${"x".repeat(2_000)}`;
    deepStrictEqual(
      answersTo(
        format,
        cut(long, "stdout"),
        cut(LINE, "stdout"),
        whole(LINE.replace("sshd", "other"), "stderr"),
        whole(LINE, "stdout"),
        whole(LINE, "stdout"),
      ),
      ["ban other 192.0.2.9", "ban sshd 192.0.2.9"],
    );
  });

  Deno.test(`LogScanner says that it ends in a line that was cut, in one piece and in several: ${format}`, () => {
    const cut = CUTS[format] ?? String;
    const whole = WHOLE[format] ?? String;
    const scanner = new LogScanner(format);
    const read = (line: string) =>
      [...scanner.scan(ENCODER.encode(`${line}\n`))].length;
    strictEqual(scanner.endsInCut, false);
    strictEqual(read(cut("x", "stdout")), 0);
    strictEqual(scanner.endsInCut, true);
    strictEqual(read(whole(LINE, "stdout")), 0);
    strictEqual(scanner.endsInCut, false);
    strictEqual(read(whole(LINE, "stdout")), 1);
  });
}
