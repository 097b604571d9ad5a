/**
 * The operator's verb that tells how everything is.
 *
 * @module
 */

import type { Membership } from "../members/member.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { OperatorOutput } from "./operator_output.ts";
import { type AskPublisher, askRunning } from "./publisher_questions.ts";
import {
  nodeStatusJson,
  nodeStatusLines,
  type ProgramView,
  statusJson,
  statusLines,
} from "./status_view.ts";

/** Options for {@link StatusCommands}. */
export interface StatusCommandsOptions {
  readonly ask: AskPublisher;
  /** How the node's programs on this host are. */
  readonly programs: () => Promise<readonly ProgramView[]>;
}

/** Carries out `status`: of the cluster on its hub, of a node on that. */
export class StatusCommands {
  readonly #options: StatusCommandsOptions;

  /** @param options See {@link StatusCommandsOptions}. */
  constructor(options: StatusCommandsOptions) {
    this.#options = options;
  }

  /** On the publisher's host. */
  async ofCluster({ options }: TypedCommand): Promise<OperatorOutput> {
    const { ask } = this.#options;
    const status = await askRunning(ask, { kind: "status" }, "status");
    const lines = options.has("json")
      ? [statusJson(status)]
      : statusLines(status);
    return { lines, notes: [] };
  }

  /** On a host that is a node and no more. */
  async ofNode(
    { options }: TypedCommand,
    membership: Membership,
  ): Promise<OperatorOutput> {
    const programs = await this.#options.programs();
    const lines = options.has("json")
      ? [nodeStatusJson(membership, programs)]
      : nodeStatusLines(membership, programs);
    return { lines, notes: [] };
  }
}
