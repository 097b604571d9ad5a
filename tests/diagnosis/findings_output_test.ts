import { deepStrictEqual, ok } from "node:assert/strict";
import SCHEMA from "../../docs/schemas/doctor.json" with { type: "json" };
import { fault, fine, warning } from "../../lib/diagnosis/finding.ts";
import {
  findingJson,
  findingLines,
} from "../../lib/diagnosis/findings_output.ts";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";
import { schemaFaults } from "../support/values/json_schemas.ts";

const FOUND = [
  fine(
    "configuration",
    "/etc/fail2ban-cluster/fail2ban-cluster.conf, 2 lines of .local",
  ),
  fault("clock", "ahead of the hub's by 3 h 2 s", "timedatectl set-ntp true"),
  fault(
    "fail2ban.log",
    "last written 3 d ago; its logtarget is SYSLOG, and logformat is file",
    "fail2ban-client set logtarget /var/log/fail2ban.log",
  ),
  warning(
    "fail2ban.sqlite3",
    "not readable: bans are assumed to hold 10m",
    "systemctl edit fail2ban-monitor (OPERATIONS, Under systemd)",
  ),
  fine("reach hub", "192.0.2.10:5681 in 0.8 ms, 5682 in 0.9 ms"),
];

Deno.test("findingLines() gives a line for each finding where it is piped, and how many there are", () => {
  deepStrictEqual(findingLines(FOUND, PLAIN_PLACE), [
    "ok    configuration     /etc/fail2ban-cluster/fail2ban-cluster.conf, 2 lines of .local",
    "FAIL  clock             ahead of the hub's by 3 h 2 s             timedatectl set-ntp true",
    "FAIL  fail2ban.log      last written 3 d ago; its logtarget is SYSLOG, and logformat is file  fail2ban-client set logtarget /var/log/fail2ban.log",
    "warn  fail2ban.sqlite3  not readable: bans are assumed to hold 10m  systemctl edit fail2ban-monitor (OPERATIONS, Under systemd)",
    "ok    reach hub         192.0.2.10:5681 in 0.8 ms, 5682 in 0.9 ms",
    "2 faults, 1 warning",
  ]);
});

Deno.test("findingLines() keeps to 100 columns of a terminal, and cuts no fix", () => {
  const place = { columns: 120, hasColour: false };
  const lines = findingLines(FOUND, place);
  deepStrictEqual(lines, [
    "ok    configuration     /etc/fail2ban-cluster/fail2ban-cluster.conf, 2 lines of .local",
    "FAIL  clock             ahead of the hub's by 3 h 2 s             timedatectl set-ntp true",
    "FAIL  fail2ban.log      last written 3 d ago; its logtarget is SYSLOG, and logformat is file",
    "                        fail2ban-client set logtarget /var/log/fail2ban.log",
    "warn  fail2ban.sqlite3  not readable: bans are assumed to hold 10m",
    "                        systemctl edit fail2ban-monitor (OPERATIONS, Under systemd)",
    "ok    reach hub         192.0.2.10:5681 in 0.8 ms, 5682 in 0.9 ms",
    "2 faults, 1 warning",
  ]);
  ok(lines.every((line) => line.length <= 100));
  const narrow = findingLines(FOUND, { columns: 60, hasColour: true });
  ok(narrow.some((line) => line.includes("\x1b[1mFAIL")));
});

Deno.test("doctor --json is as docs/schemas/doctor.json says", () => {
  for (const line of findingJson(FOUND)) {
    deepStrictEqual(schemaFaults(SCHEMA, JSON.parse(line)), []);
  }
});
