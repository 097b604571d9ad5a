import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import type { LogFormat } from "../../lib/fail2ban/log_format.ts";
import { LogTargetWatch } from "../../lib/monitor/log_target_watch.ts";
import type { Fail2banClient } from "../../lib/fail2ban/ports.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const LOG = "/var/log/fail2ban.log";

/** Asks a fail2ban that logs so, and gives what is said. */
async function ask(logFormat: LogFormat, target: string, level = "INFO") {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const answers: Readonly<Record<string, string>> = {
    logtarget: target,
    loglevel: level,
  };
  const client: Fail2banClient = {
    servers: 1,
    command: ([, what = ""]) =>
      Promise.resolve({ kind: "done", value: answers[what] ?? "" }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const watch = new LogTargetWatch({
    fail2ban: new Fail2banInfo(client, clock),
    ...{ logPath: LOG, logFormat, clock, log },
    realPath: (path) => Promise.resolve(path.replace("/link/", "/log/")),
  });
  const stop = new AbortController();
  const run = watch.run(stop.signal).catch(() => {});
  await clock.advance(10);
  stop.abort();
  await run;
  return {
    state: watch.state,
    severities: log.records.map((it) => it.severity),
  };
}

const FITS: readonly (readonly [LogFormat, string])[] = [
  ["file", LOG],
  ["file", "/var/link/fail2ban.log"],
  ["syslog", "SYSLOG"],
  ["sysout", "SYSOUT"],
  ["sysout", "STDOUT"],
  ["journal", "SYSTEMD-JOURNAL"],
  ...["SYSLOG", "SYSOUT", "STDERR", "SYSTEMD-JOURNAL"].map((target) =>
    ["journal-json", target] as const
  ),
  ["docker-json", "STDOUT"],
  ["container", "STDERR"],
  ["container", "SYSOUT"],
];

const WRONG: readonly (readonly [LogFormat, string, RegExp])[] = [
  ["file", "SYSLOG", /logtarget is SYSLOG, and logformat is file/],
  [
    "file",
    "/var/log/other.log",
    /is \/var\/log\/other\.log, and .* is followed/,
  ],
  [
    "syslog",
    "SYSTEMD-JOURNAL",
    /logtarget is SYSTEMD-JOURNAL, and logformat is syslog/,
  ],
  ["journal", "SYSOUT", /logtarget is SYSOUT, and logformat is journal/],
  ["sysout", "SYSLOG", /logtarget is SYSLOG, and logformat is sysout/],
  [
    "docker-json",
    "SYSLOG",
    /logtarget is SYSLOG, and logformat is docker-json/,
  ],
  [
    "journal-json",
    LOG,
    /logtarget is \/var\/log\/fail2ban.log, and logformat is journal-json/,
  ],
];

for (const [format, target] of FITS) {
  Deno.test(`LogTargetWatch has nothing to say of logtarget ${target} with logformat ${format}`, async () => {
    deepStrictEqual(await ask(format, target), {
      state: "as configured",
      severities: [],
    });
  });
}

for (const [format, target, wanted] of WRONG) {
  Deno.test(`LogTargetWatch says loudly what is wrong: logtarget ${target} with logformat ${format}`, async () => {
    const { state, severities } = await ask(format, target);
    match(state, wanted);
    deepStrictEqual(severities, ["error"]);
  });
}

Deno.test("LogTargetWatch says that a level leaves bans out", async () => {
  for (const level of ["WARNING", "ERROR", "CRITICAL"]) {
    match((await ask("file", LOG, level)).state, new RegExp(level));
  }
  for (const level of ["NOTICE", "INFO", "DEBUG", "HEAVYDEBUG"]) {
    strictEqual((await ask("file", LOG, level)).state, "as configured");
  }
  // Pads make no difference.
  strictEqual(
    (await ask("file", `${LOG}[padding=off]`)).state,
    "as configured",
  );
});
