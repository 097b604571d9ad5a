/**
 * Answers the operator's command: requests about the page, and all others.
 *
 * @module
 */

import type { AnswerOperator } from "../../lib/cli/command_socket.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import {
  isPageRequest,
  type OperatorAnswer,
  type PageRequest,
} from "../../lib/wire/operator_messages.ts";
import { wordsOf } from "../../lib/wire/operator_bans.ts";
import { CODE_MS } from "../../lib/page/page_visits.ts";
import type { PagePort } from "./page_port.ts";

/** Answers requests on the operators' socket. */
export function operatorAnswers(
  publisher: Publisher,
  page: PagePort | undefined,
): AnswerOperator {
  return (request, gone) =>
    isPageRequest(request)
      ? pageAnswers(request, publisher, page)
      : publisher.answer(request, gone);
}

async function* pageAnswers(
  request: PageRequest,
  publisher: Publisher,
  page: PagePort | undefined,
): AsyncGenerator<OperatorAnswer, void, undefined> {
  if (page === undefined) {
    yield {
      kind: "failed",
      message: "the publisher serves no page",
      hint: "set pagebindurl in [publisher], such as " +
        "unix:/run/fail2ban-cluster/page.sock, and restart it",
    };
    return;
  }
  try {
    yield await pageAnswer(request, publisher, page);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { message, hint = "its log says more" } = error;
    yield { kind: "failed", message: wordsOf(message), hint: wordsOf(hint) };
  }
}

async function pageAnswer(
  request: PageRequest,
  publisher: Publisher,
  { visits, url }: PagePort,
): Promise<OperatorAnswer> {
  switch (request.kind) {
    case "pageLogin": {
      const { by, isReadOnly } = request;
      const code = await visits.issue(request);
      const detail = isReadOnly ? "read only" : "";
      await publisher.record(by, "page login", "page", detail);
      return { kind: "pageCode", code, forMs: CODE_MS, place: wordsOf(url) };
    }
    case "pageLogout": {
      const { by, user } = request;
      const count = await visits.end(request);
      await publisher.record(by, "page logout", user ?? "all", "");
      return { kind: "done", count };
    }
    case "pageVisits":
      return { kind: "pageVisits", visits: visits.all };
  }
}
