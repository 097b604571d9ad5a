/**
 * Brings what operators changed in the list of members into the audit.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { MemberList } from "../members/member.ts";
import type { Log } from "../log/log.ts";
import type { NodeRecords } from "../members/node_records.ts";

/** What it takes. */
export interface JournalAuditOptions {
  readonly records: Pick<NodeRecords, "keepAudit">;
  readonly log: Log;
}

/**
 * Keeps and logs what the journal of a list has and the audit has not. That it
 * can't be kept holds nothing up: the next list has it once more.
 *
 * @param list The list.
 */
export async function auditJournal(
  { journal }: MemberList,
  { records, log }: JournalAuditOptions,
): Promise<void> {
  try {
    for (const entry of await records.keepAudit(journal)) {
      const { by, action, subject, detail } = entry;
      log.record("notice", "an operator's doing", {
        by,
        action,
        subject,
        detail,
      });
    }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    log.record("error", "what operators did can't be recorded", {
      reason: error.message,
    });
  }
}
