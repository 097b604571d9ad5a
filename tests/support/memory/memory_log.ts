/**
 * A log that a test can read.
 *
 * @module
 */

import type { Log, LogFields, Severity } from "../../../lib/log/log.ts";

/** A log record. */
export interface MemoryRecord {
  readonly severity: Severity;
  readonly event: string;
  readonly fields: LogFields;
}

/** Stores every record. */
export class MemoryLog implements Log {
  /** The records, oldest first. */
  readonly records: MemoryRecord[] = [];

  record(severity: Severity, event: string, fields: LogFields = {}): void {
    this.records.push({ severity, event, fields });
  }

  /** The events of all records from `notice` up. */
  get events(): string[] {
    return this.records
      .filter(({ severity }) => severity !== "debug" && severity !== "info")
      .map(({ event }) => event);
  }

  /** Such records, except those of reported bans and unbans. */
  get withoutReports(): readonly MemoryRecord[] {
    return this.records.filter(({ severity, event }) =>
      severity !== "debug" && severity !== "info" &&
      !event.startsWith("reported ")
    );
  }

  /** All records as one searchable text. */
  get text(): string {
    return JSON.stringify(this.records);
  }
}
