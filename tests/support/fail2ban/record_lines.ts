/**
 * Output records in the formats of systemd 252, docker 20.10 and containerd,
 * without the fields that nobody reads.
 *
 * @module
 */

import type { RecordFormat } from "../../../lib/fail2ban/log_format.ts";

/** Time of the records. */
export const RECORDED_MS = Date.UTC(2026, 10, 22, 14, 13, 3, 659);
const STAMP = "2026-11-22T14:13:03.659123456Z";

/** A record of a line that fail2ban wrote to its standard output. */
export function recordOf(line: string, format: RecordFormat): string {
  switch (format) {
    case "journal-json":
      return journalRecord({ MESSAGE: line });
    case "docker-json":
      return dockerRecord(`${line}\n`);
    case "container":
      return `fail2ban-1  | ${STAMP} ${line}`;
  }
}

/** A record of docker's json-file. */
export function dockerRecord(log: string, stream = "stdout"): string {
  return JSON.stringify({ log, stream, time: STAMP });
}

/** A journal record of the unit's standard output, with changed fields. */
export function journalRecord(
  fields: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({
    __CURSOR: "s=6d;i=1",
    __REALTIME_TIMESTAMP: `${RECORDED_MS}123`,
    _TRANSPORT: "stdout",
    _STREAM_ID: "d3c0",
    _UID: "0",
    _SYSTEMD_UNIT: "fail2ban.service",
    SYSLOG_IDENTIFIER: "fail2ban-server",
    PRIORITY: "6",
    ...fields,
  });
}
