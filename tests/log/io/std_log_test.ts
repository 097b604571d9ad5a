import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { StdLog, type StdLogOptions } from "../../../lib/log/io/std_log.ts";
import type { LineSink, OutputLine } from "../../../lib/log/line_sink.ts";
import type { Severity } from "../../../lib/log/log.ts";

const SEVERITIES: readonly Severity[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
];

class MemorySink implements LineSink {
  readonly lines: OutputLine[] = [];

  write(line: OutputLine): void {
    this.lines.push(line);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}

/** A log and the lines that it wrote. */
function open(
  options: Partial<StdLogOptions> = {},
): { log: StdLog; lines: OutputLine[] } {
  const sink = new MemorySink();
  const log = new StdLog({
    source: { name: "fail2ban-monitor", pid: 123 },
    level: "debug",
    format: "text",
    secrets: [],
    sink,
    ...options,
  });
  return { log, lines: sink.lines };
}

for (const severity of SEVERITIES) {
  Deno.test(`StdLog writes a record of severity ${severity} as it came`, () => {
    const { log, lines } = open();
    const before = Date.now();
    log.record(severity, "ban sent", { jail: "sshd", port: 22, late: false });
    const [line] = lines;
    strictEqual(lines.length, 1);
    strictEqual(line?.severity, severity);
    strictEqual(
      line.text,
      `${severity.toUpperCase()}: ban sent jail=sshd port=22 late=false`,
    );
    ok(line.atMs >= before && line.atMs <= Date.now());
  });

  Deno.test(`StdLog at level ${severity} leaves out what matters less`, () => {
    const { log, lines } = open({ level: severity });
    for (const one of SEVERITIES) log.record(one, "event");
    deepStrictEqual(
      lines.map((line) => line.severity),
      SEVERITIES.slice(SEVERITIES.indexOf(severity)),
    );
  });
}

Deno.test("StdLog writes JSON for programs", () => {
  const { log, lines } = open({ format: "json" });
  log.record("notice", "ban sent", { jail: "sshd", none: undefined });
  const [line] = lines;
  deepStrictEqual(JSON.parse(line?.text ?? ""), {
    time: new Date(line?.atMs ?? 0).toISOString(),
    program: "fail2ban-monitor",
    pid: 123,
    severity: "notice",
    event: "ban sent",
    fields: { jail: "sshd" },
  });
});

for (const format of ["text", "json"] as const) {
  Deno.test(`StdLog shows no secret in ${format}, neither in the event nor in a value`, () => {
    const { log, lines } = open({ format, secrets: ["hush-1", "hush-2"] });
    log.record("error", "hush-1 was heard", {
      reason: "it said hush-2, then hush-1",
    });
    strictEqual(lines.length, 1);
    ok(!/hush/.test(lines[0]?.text ?? ""), lines[0]?.text);
  });

  Deno.test(`StdLog writes one line in ${format}, whatever a value holds`, () => {
    const { log, lines } = open({ format });
    log.record("info", "line\nbreak", {
      value: "a\r\nb\u2028c\0[sshd] Ban 192.0.2.1",
    });
    const text = lines[0]?.text ?? "";
    ok(/^[\x20-\x7e]+$/.test(text), text);
    ok(!text.includes("] Ban 192.0.2.1"), text);
  });
}

Deno.test("StdLog keeps the logs of one process apart", () => {
  const one = open({ level: "error" });
  const other = open({ level: "debug" });
  one.log.record("info", "of one");
  other.log.record("info", "of the other");
  deepStrictEqual(one.lines, []);
  deepStrictEqual(other.lines.map(({ text }) => text), ["INFO: of the other"]);
});
