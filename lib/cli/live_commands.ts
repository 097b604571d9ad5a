/**
 * The operator's verbs that ask the running publisher.
 *
 * @module
 */

import type { TypedCommand } from "./cluster_cli.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Editor } from "./member_edits.ts";
import { maxOption, nameOperand, sinceOption } from "./operands.ts";
import type { LiveView } from "./member_view.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../wire/operator_messages.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "./operator_output.ts";

/** Asks the publisher of this host; `undefined`: none runs. */
export type AskPublisher = (
  request: OperatorRequest,
) => Promise<OperatorAnswer | undefined>;

/** Carries out the verbs that need a running publisher. */
export class LiveCommands {
  readonly #ask: AskPublisher;
  readonly #editor: Editor;

  /** @param editor Who asks, and when. */
  constructor(ask: AskPublisher, editor: Editor) {
    this.#ask = ask;
    this.#editor = editor;
  }

  /** How the members are; `undefined`: no publisher runs. */
  async view(): Promise<LiveView> {
    const answer = await this.#ask({ kind: "nodes" });
    if (answer === undefined) return undefined;
    return answer.kind === "nodes" ? answer.nodes : unexpected(answer);
  }

  /** `node withdraw`. */
  async withdraw(command: TypedCommand): Promise<OperatorOutput> {
    const node = nameOperand(command);
    const { by, atMs } = this.#editor;
    const sinceMs = sinceOption(command, atMs);
    const count = await this.#do({ kind: "withdraw", by, node, sinceMs });
    const what = count === 1 ? "1 report" : `${count} reports`;
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
    const answer = await this.#running({ kind: "audit", max });
    if (answer.kind !== "audit") return unexpected(answer);
    const { entries } = answer;
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
    const answer = await this.#running(request);
    return answer.kind === "done" ? answer.count : unexpected(answer);
  }

  async #running(request: OperatorRequest): Promise<OperatorAnswer> {
    const answer = await this.#ask(request);
    if (answer !== undefined) return answer;
    throw new RuntimeError("the publisher does not run on this host", {
      hint: "ask where it runs; fail2ban-publisher start starts it here",
    });
  }
}

function unexpected(answer: OperatorAnswer): never {
  if (answer.kind === "failed") {
    const { message, hint } = answer;
    throw new RuntimeError(message, hint === "" ? {} : { hint });
  }
  throw new RuntimeError("the publisher answered something else", {
    hint: "it is of another version: restart it",
  });
}

function said(...notes: readonly string[]): OperatorOutput {
  return { lines: [], notes };
}
