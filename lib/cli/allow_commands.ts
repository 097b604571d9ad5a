/**
 * The operator's verbs for the allowlist. They run on the publisher's host.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { AllowedNetwork, MemberList } from "../members/member.ts";
import {
  allowedAt,
  type Editor,
  withAllowed,
  withoutAllowed,
} from "../members/member_edits.ts";
import { NO_MEMBERS } from "../members/member_list_form.ts";
import { networkOperand, noteOption, untilOption } from "./operands.ts";
import type { EditedValue } from "../members/stored_value.ts";
import { NetworkSet } from "../base/network_set.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "../views/operator_output.ts";

/** Carries out `allow ...`. */
export class AllowCommands {
  readonly #list: EditedValue<MemberList>;
  readonly #editor: Editor;

  /** @param editor The operator and the time of the change. */
  constructor(list: EditedValue<MemberList>, editor: Editor) {
    this.#list = list;
    this.#editor = editor;
  }

  /** `allow add`. */
  async add(command: TypedCommand): Promise<OperatorOutput> {
    const network = networkOperand(command);
    const untilMs = untilOption(command, this.#editor.atMs);
    const note = noteOption(command);
    const isForced = command.options.has("force");
    await this.#list.edit((list = NO_MEMBERS) =>
      withAllowed(list, { network, untilMs, note }, this.#editor, isForced)
    );
    const end = untilMs === null ? "" : ` until ${timeText(untilMs)}`;
    return said(
      `${network} is on the allowlist${end}; a running publisher lifts bans it covers`,
    );
  }

  /** `allow remove`. */
  async remove(command: TypedCommand): Promise<OperatorOutput> {
    const network = networkOperand(command);
    await this.#list.edit((list = NO_MEMBERS) =>
      withoutAllowed(list, network, this.#editor)
    );
    return said(`${network} may be banned again`);
  }

  /** `allow list`. */
  async list(command: TypedCommand): Promise<OperatorOutput> {
    const allowed = await this.#allowed();
    if (command.options.has("json")) {
      return { lines: jsonLines(allowed), notes: [] };
    }
    if (allowed.length === 0) return said("the allowlist is empty");
    const rows = allowed.map(({ network, untilMs, addedMs, note }) => [
      network,
      timeText(addedMs),
      timeText(untilMs),
      note,
    ]);
    const heading = ["NETWORK", "ADDED", "ENDS", "NOTE"];
    return { lines: tableLines([heading, ...rows]), notes: [] };
  }

  /** `allow check`. */
  async check(command: TypedCommand): Promise<OperatorOutput> {
    const network = networkOperand(command);
    const allowed = await this.#allowed();
    const covering = allowed.filter((entry) => covers(entry, network));
    const lines = covering.map((entry) => {
      const note = entry.note === "" ? "" : ` (${entry.note})`;
      return `${network} is protected: ${entry.network}${note} is on the allowlist`;
    });
    return covering.length > 0
      ? { lines, notes: [] }
      : { lines: [`${network} is not on the allowlist`], notes: [] };
  }

  async #allowed(): Promise<readonly AllowedNetwork[]> {
    const list = await this.#list.read() ?? NO_MEMBERS;
    return allowedAt(list, this.#editor.atMs);
  }
}

function covers({ network }: AllowedNetwork, asked: Address): boolean {
  const networks = new NetworkSet([{ network, label: network }]);
  return networks.meeting(asked) !== undefined;
}

function said(...notes: readonly string[]): OperatorOutput {
  return { lines: [], notes };
}
