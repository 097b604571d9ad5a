/**
 * Generates valid and nearly valid lines of fail2ban's log.
 *
 * @module
 */

import type { LogEvent } from "../../../lib/fail2ban/log_line.ts";
import {
  isRecordFormat,
  type LineFormat,
  type LogFormat,
} from "../../../lib/fail2ban/log_format.ts";
import { recordOf } from "../fail2ban/record_lines.ts";
import type { Draw } from "./draw.ts";
import { ODD_TEXTS } from "./mutations.ts";

/** The beginnings of lines, by format. */
const STAMPS: Readonly<Record<LineFormat, readonly string[]>> = {
  file: ["2026-11-22 14:03:40,537 ", "1970-01-01 00:00:00,000 "],
  syslog: ["", "<29>", "Jan 16 17:11:25 web-1 ", "<29>Nov  3 20:38:55 ::1 "],
  sysout: [
    "",
    "web-1 fail2ban-server[1]: ",
    "2026-11-23T20:38:55.123456+01:00 a.example_1 fail2ban-server[9999999]: ",
  ],
  journal: [
    "web-1 fail2ban[1]: ",
    "Nov 23 20:38:55 2001:db8::1 fail2ban-server[15699]: ",
  ],
};
const VERBS = ["Ban", "Unban", "Restore Ban", "Repeal Ban"] as const;
const VERBS_OF = {
  ban: "Ban",
  unban: "Unban",
  restore: "Restore Ban",
  repeal: "Repeal Ban",
} as const;
const JAILS = ["sshd", "a", "fail2bancluster", "my.jail@1:+-_"] as const;
const ADDRESSES = [
  "192.0.2.1",
  "192.0.2.0/28",
  "2001:db8::1",
  "2001:db8::/48",
] as const;
const DURATIONS = [
  "4:00:00",
  "1 day, 0:00:00",
  "6s",
  "2d 7h",
  "1y 3w 4d",
  "permanent",
  "9007199254740991s",
  "9007199254740992s",
  "99999999999999999999999999999999999999y",
  "9999999999 days, 9:99:99",
] as const;
const ENDS = ["2026-11-22 14:20:55", "infinite"] as const;

/** Sender, level and message. */
type Words = readonly [sender: string, level: string, message: string];

/**
 * Generates a valid or nearly valid line.
 *
 * @param draw Makes the choices.
 * @param format The format of its beginning.
 * @returns The line without its end.
 */
export function makeLine(draw: Draw, format: LogFormat): string {
  if (isRecordFormat(format)) return recordOf(makeLine(draw, "file"), format);
  const [sender, level, message] = makeWords(draw);
  return inFormat(draw.pick(STAMPS[format]), format, [
    draw.oneIn(20) ? "server.actions" : sender,
    draw.oneIn(20) ? draw.pick(["INFO", "ERROR", "NOTICE"]) : level,
    message,
  ]);
}

/**
 * Formats an event like fail2ban.
 *
 * @param event The event.
 * @param format The format of the line's beginning.
 * @returns The line without its end; `undefined` when no line can express the
 * event.
 */
export function writeEvent(
  event: LogEvent,
  format: LogFormat,
): string | undefined {
  if (isRecordFormat(format)) {
    const line = writeEvent(event, "file");
    return line && recordOf(line, format);
  }
  const words = wordsOf(event);
  const stamp = STAMPS[format].at(-1) ?? "";
  return words && inFormat(stamp, format, words);
}

function inFormat(
  stamp: string,
  format: LineFormat,
  [sender, level, message]: Words,
): string {
  return format === "journal"
    ? stamp + message
    : `${stamp}fail2ban.${sender}[1]: ${level} ${message}`;
}

function makeWords(draw: Draw): Words {
  const jail = draw.oneIn(6) ? draw.pick(ODD_TEXTS) : draw.pick(JAILS);
  const address = draw.oneIn(4) ? draw.pick(ODD_TEXTS) : draw.pick(ADDRESSES);
  switch (draw.below(12)) {
    case 0: {
      const [count, duration] = [draw.below(100), draw.pick(DURATIONS)];
      const end = draw.pick(ENDS);
      return [
        "observer",
        "NOTICE",
        `[${jail}] Increase Ban ${address} (${count} # ${duration} -> ${end})`,
      ];
    }
    case 1: {
      const verb = draw.pick(["ban", "reban", "unban"]);
      const text = "x [sshd] Ban 192.0.2.66 ".repeat(draw.below(30));
      return [
        "actions",
        "ERROR",
        `Failed to execute ${verb} jail '${jail}' action 'nft' info 'ActionInfo({'ip': '${address}', ${text}`,
      ];
    }
    case 2:
      return ["jail", "INFO", `Jail '${jail}' ${draw.pick(MARKS)}`];
    case 3:
      return ["jail", "INFO", `Creating new jail '${jail}'`];
    case 4:
      return ["server", "INFO", draw.pick(SERVER_MARKS)];
    default:
      return [
        "actions",
        draw.pick(["NOTICE", "NOTICE ", "WARNING"]),
        `[${jail}] ${draw.pick(VERBS)} ${address}`,
      ];
  }
}

const MARKS = ["stopped", "started", "paused"] as const;
const SERVER_MARKS = [
  "Shutdown in progress...",
  "Stopping all jails",
  "Exiting Fail2ban",
  "Starting Fail2ban v1.1.0",
  "Starting Fail2ban v",
] as const;

function wordsOf(event: LogEvent): Words | undefined {
  switch (event.kind) {
    case "refused":
      return undefined;
    case "server_starting":
      return ["server", "INFO", "Starting Fail2ban v1.1.0"];
    case "server_stopping":
      return ["server", "INFO", "Exiting Fail2ban"];
    case "jail_started":
      return ["jail", "INFO", `Jail '${event.jail}' started`];
    case "jail_stopped":
      return ["jail", "INFO", `Jail '${event.jail}' stopped`];
    case "increase": {
      const { jail, address, count, durationSeconds } = event;
      const lasts = durationSeconds === "permanent"
        ? durationSeconds
        : `${durationSeconds}s`;
      return [
        "observer",
        "NOTICE",
        `[${jail}] Increase Ban ${address} (${count} # ${lasts} -> infinite)`,
      ];
    }
    case "action_failed": {
      const { verb, jail, action = "not plain", address = "" } = event;
      return [
        "actions",
        "ERROR",
        `Failed to execute ${verb} jail '${jail}' action '${action}' info '{'ip': '${address}'`,
      ];
    }
    default:
      return [
        "actions",
        "NOTICE",
        `[${event.jail}] ${VERBS_OF[event.kind]} ${event.address}`,
      ];
  }
}
