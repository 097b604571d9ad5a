/**
 * A log that a test can read.
 *
 * @module
 */

import type { Log, LogFields, Severity } from "../../../lib/log/log.ts";

/** What was recorded. */
export interface MemoryRecord {
  readonly severity: Severity;
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps every record. */
export class MemoryLog implements Log {
  /** What was recorded, oldest first. */
  readonly records: MemoryRecord[] = [];

  record(severity: Severity, event: string, fields: LogFields = {}): void {
    this.records.push({ severity, event, fields });
  }

  /** The events of records that matter at least as much as a `notice`. */
  get events(): string[] {
    return this.records
      .filter(({ severity }) => severity !== "debug" && severity !== "info")
      .map(({ event }) => event);
  }

  /** The records of all such events, but that bans and unbans were reported. */
  get withoutReports(): readonly MemoryRecord[] {
    return this.records.filter(({ severity, event }) =>
      severity !== "debug" && severity !== "info" &&
      !event.startsWith("reported ")
    );
  }

  /** Everything that was recorded, as one text to search. */
  get text(): string {
    return JSON.stringify(this.records);
  }
}
