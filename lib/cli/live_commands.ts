/**
 * The operator's verbs that ask the running publisher.
 *
 * @module
 */

import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import { maxOption, nameOperand, sinceOption } from "./operands.ts";
import type { LiveView } from "../views/member_view.ts";
import {
  askOnce,
  type AskPublisher,
  askRunning,
} from "./publisher_questions.ts";
import type { OperatorRequest } from "../wire/operator_messages.ts";
import type { Membership } from "../members/member.ts";
import {
  nodeStatusJson,
  nodeStatusLines,
  type ProgramView,
  statusJson,
  statusLines,
} from "../views/status_view.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "../views/operator_output.ts";
import { countedText } from "../views/plain_texts.ts";

/** Carries out the verbs that need a running publisher. */
export class LiveCommands {
  readonly #ask: AskPublisher;
  readonly #editor: Editor;

  /** @param editor The operator and the time of the request. */
  constructor(ask: AskPublisher, editor: Editor) {
    this.#ask = ask;
    this.#editor = editor;
  }

  /** `status`, on the publisher's host. */
  async status({ options }: TypedCommand): Promise<OperatorOutput> {
    const status = await askRunning(this.#ask, { kind: "status" }, "status");
    const lines = options.has("json")
      ? [statusJson(status)]
      : statusLines(status);
    return { lines, notes: [] };
  }

  /** The states of the members; `undefined`: no publisher runs. */
  async view(): Promise<LiveView> {
    return (await askOnce(this.#ask, { kind: "nodes" }, "nodes"))?.nodes;
  }

  /** `node withdraw`. */
  async withdraw(command: TypedCommand): Promise<OperatorOutput> {
    const node = nameOperand(command);
    const { by, atMs } = this.#editor;
    const sinceMs = sinceOption(command, atMs);
    const count = await this.#do({ kind: "withdraw", by, node, sinceMs });
    if (count === 0) {
      const within = sinceMs === null ? "" : " within that time";
      return said(`no report of ${node} stands${within}: none is taken back`);
    }
    const what = countedText(count, "report");
    return said(
      `${what} of ${node} taken back; what others reported too stands`,
    );
  }

  /** `node release`. */
  async release(command: TypedCommand): Promise<OperatorOutput> {
    const node = nameOperand(command);
    const { by } = this.#editor;
    const count = await this.#do({ kind: "release", by, node });
    return count === 0
      ? said(`${node} was not set aside`)
      : said(`the reports of ${node} are taken again`);
  }

  /** `audit`. */
  async audit(command: TypedCommand): Promise<OperatorOutput> {
    const max = maxOption(command);
    const { entries } = await askRunning(
      this.#ask,
      { kind: "audit", max },
      "audit",
    );
    if (command.options.has("json")) {
      return { lines: jsonLines(entries), notes: [] };
    }
    if (entries.length === 0) return said("nothing was done yet");
    const rows = entries.map(({ atMs, by, action, subject, detail }) => [
      timeText(atMs),
      by,
      action,
      subject,
      detail,
    ]);
    const heading = ["WHEN", "WHO", "WHAT", "TO", "WITH"];
    return { lines: tableLines([heading, ...rows]), notes: [] };
  }

  async #do(request: OperatorRequest): Promise<number> {
    return (await askRunning(this.#ask, request, "done")).count;
  }
}

/**
 * `status`, on a host that is only a node.
 *
 * @param membership The node's membership.
 * @param programs The states of its programs.
 */
export function nodeStatus(
  { options }: TypedCommand,
  membership: Membership,
  programs: readonly ProgramView[],
): OperatorOutput {
  const lines = options.has("json")
    ? [nodeStatusJson(membership, programs)]
    : nodeStatusLines(membership, programs);
  return { lines, notes: [] };
}

function said(...notes: readonly string[]): OperatorOutput {
  return { lines: [], notes };
}
