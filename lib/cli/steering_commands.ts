/**
 * The operator's verbs that ban and lift.
 *
 * @module
 */

import { RuntimeError, UsageError } from "../base/errors.ts";
import type { OperatorOutput } from "../views/operator_output.ts";
import type { UnbanOrder } from "../wire/operator_steering.ts";
import { banFilterOptions } from "./ban_operands.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import {
  forOption,
  networkOf,
  networkOperand,
  reasonOption,
} from "./operands.ts";
import { countedText } from "../views/plain_texts.ts";
import {
  askMany,
  type AskPublisher,
  askRunning,
} from "./publisher_questions.ts";
import {
  aroundHints,
  bannedLines,
  liftedLines,
  localHints,
  steeredJson,
} from "../views/steering_view.ts";

/** Options for {@link SteeringCommands}. */
export interface SteeringCommandsOptions {
  readonly ask: AskPublisher;
  readonly editor: Editor;
  /** Asks the operator; `undefined`: there is nobody to ask. */
  readonly confirm: ((question: string) => boolean) | undefined;
}

/** Duration of a ban without `--for`, in milliseconds: a day. */
const USUAL_BAN_MS = 86_400_000;

/** Carries out `ban` and `unban`. */
export class SteeringCommands {
  readonly #options: SteeringCommandsOptions;

  /** @param options See {@link SteeringCommandsOptions}. */
  constructor(options: SteeringCommandsOptions) {
    this.#options = options;
  }

  /** `ban`. */
  async ban(command: TypedCommand): Promise<OperatorOutput> {
    const { ask, editor: { by } } = this.#options;
    const address = networkOperand(command);
    const typed = forOption(command);
    const forMs = typed === undefined ? USUAL_BAN_MS : typed;
    const reason = reasonOption(command);
    const force = command.options.has("force");
    const steered = await askRunning(
      ask,
      { kind: "ban", by, address, forMs, reason, force },
      "steered",
    );
    const lines = command.options.has("json")
      ? [steeredJson(steered)]
      : bannedLines(address, forMs, steered);
    return { lines, notes: [] };
  }

  /** `unban`. */
  async unban(command: TypedCommand): Promise<OperatorOutput> {
    const order = this.#order(command);
    const { address } = order;
    if (address === null && !command.options.has("yes")) {
      const count = await this.#count(order);
      if (count > 0) this.#ask(count);
    }
    const steered = await askRunning(
      this.#options.ask,
      { kind: "unban", ...order },
      "steered",
    );
    if (command.options.has("json")) {
      return { lines: [steeredJson(steered)], notes: [] };
    }
    const subject = address ?? countedText(steered.bans, "ban");
    return {
      lines: liftedLines(subject, steered),
      notes: address === null ? [] : [
        ...aroundHints(address, steered),
        ...localHints(address, steered, order.local),
      ],
    };
  }

  #order(command: TypedCommand): UnbanOrder {
    const { operands: [typed], options } = command;
    const { jail, node } = banFilterOptions(command, 0);
    const isAll = options.has("all");
    const address = typed === undefined ? null : networkOf(typed);
    const isNarrow = address !== null || node !== null || jail !== null;
    if (isAll === isNarrow) {
      throw new UsageError(
        isAll
          ? "--all has everything: nothing else goes with it"
          : "unban needs ADDRESS, --node, --jail or --all",
        { hint: "fail2ban-cluster unban --help lists its options" },
      );
    }
    const local = options.has("local");
    if (local && address === null) {
      throw new UsageError("--local needs ADDRESS", {
        hint: "fail2ban-cluster unban ADDRESS --local",
      });
    }
    return { by: this.#options.editor.by, address, node, jail, local };
  }

  async #count({ node, jail }: UnbanOrder): Promise<number> {
    const filter = {
      ...{ jail, node, at: null, within: null, sinceMs: null },
      notEnforced: false,
    };
    const { ask } = this.#options;
    const request = { kind: "bans" as const, filter, sort: null, limit: 0 };
    for await (const answer of askMany(ask, request)) {
      if (answer.kind === "listed") return answer.matched;
    }
    return 0;
  }

  #ask(count: number): void {
    const { confirm } = this.#options;
    if (confirm === undefined) {
      throw new RuntimeError(`this would lift ${countedText(count, "ban")}`, {
        hint: "--yes says that it is meant",
      });
    }
    if (confirm(`lift ${countedText(count, "ban")}?`)) return;
    throw new RuntimeError("nothing was lifted");
  }
}
