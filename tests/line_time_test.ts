import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { lineTimeMs } from "../lib/line_time.ts";
import { scanLines } from "../lib/log_line.ts";
import type { LogFormat } from "../lib/option_value.ts";

const REST = "fail2ban.actions        [12067]: NOTICE  [sshd] Ban 192.0.2.1";
const LINE = `2026-11-22 14:13:03,659 ${REST}`;
const LINE_MS = new Date(2026, 10, 22, 14, 13, 3, 659).getTime();

Deno.test("lineTimeMs() reads the time of a line of a file, to the millisecond", () => {
  strictEqual(lineTimeMs(LINE, "file"), LINE_MS);
  strictEqual(lineTimeMs(LINE.replace("2026", "0099"), "file"), undefined);
});

Deno.test("lineTimeMs() gives nothing where a line does not say its time", () => {
  for (const line of [REST, "", ` ${LINE}`, LINE.replace(",659", "")]) {
    strictEqual(lineTimeMs(line, "file"), undefined, line);
  }
  for (const format of ["syslog", "sysout", "journal"] as LogFormat[]) {
    strictEqual(lineTimeMs(LINE, format), undefined, format);
  }
});

Deno.test("scanLines() gives bans and unbans the time of their line", () => {
  const text = `${LINE}\n${LINE.replace("Ban", "Unban")}\n${
    LINE.replace("Ban", "Restore Ban")
  }\n`;
  const events = [...scanLines(new TextEncoder().encode(text), "file")];
  deepStrictEqual(
    events.map((event) => [event.kind, "atMs" in event && event.atMs]),
    [["ban", LINE_MS], ["unban", LINE_MS], ["restore", false]],
  );
});
