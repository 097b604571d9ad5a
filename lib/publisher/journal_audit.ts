/**
 * Copies operators' changes of the member list into the audit.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { MemberList } from "../members/member.ts";
import type { Log } from "../log/log.ts";
import type { NodeRecords } from "../members/node_records.ts";

/** Options for {@link auditJournal}. */
export interface JournalAuditOptions {
  readonly records: Pick<NodeRecords, "keepAudit">;
  readonly log: Log;
}

/**
 * Stores and logs the journal entries of a list that the audit lacks. A failure
 * delays nothing: the next list contains them again.
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
