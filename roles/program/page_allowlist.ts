/**
 * The page's access to the allowlist: it makes the same edits of the same list
 * as `fail2ban-cluster allow`, and the publisher follows the list.
 *
 * @module
 */

import type { Clock } from "../../lib/async/clock.ts";
import {
  allowedAt,
  withAllowed,
  withoutAllowed,
} from "../../lib/members/member_edits.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import type { EditedValue } from "../../lib/members/stored_value.ts";
import type {
  AllowAnswer,
  AllowQuestion,
} from "../../lib/page/page_questions.ts";

/** Answers the page's questions about the allowlist in a member list. */
export function allowedOnPage(
  members: EditedValue<MemberList>,
  clock: Clock,
): (question: AllowQuestion, by: string) => Promise<AllowAnswer> {
  return async (question, by) => {
    const atMs = clock.nowMs();
    const list = question.kind === "allowlist"
      ? await members.read()
      : await members.edit((list = NO_MEMBERS) =>
        edited(list, question, { by, atMs })
      );
    return {
      kind: "allowlist",
      allowed: allowedAt(list ?? NO_MEMBERS, atMs),
    };
  };
}

function edited(
  list: MemberList,
  question: Exclude<AllowQuestion, { kind: "allowlist" }>,
  editor: { readonly by: string; readonly atMs: number },
): MemberList {
  const { network } = question;
  if (question.kind === "allowRemove") {
    return withoutAllowed(list, network, editor);
  }
  const { forMs, note } = question;
  const untilMs = forMs === null ? null : editor.atMs + forMs;
  return withAllowed(list, { network, untilMs, note }, editor);
}
