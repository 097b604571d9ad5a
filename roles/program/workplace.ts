/**
 * What the verbs of the operator's command work with.
 *
 * @module
 */

import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import type { Editor } from "../../lib/members/member_edits.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";

/** The host and the operator. */
export interface Workplace {
  readonly config: ClusterConfig;
  /** The main configuration file. */
  readonly configPath: string;
  /** The operator, and the time of the command. */
  readonly editor: Editor;
  /** The version of this program. */
  readonly version: string;
}

/**
 * Carries out a verb.
 *
 * @param command The parsed command line.
 * @param place The host and the operator.
 * @returns The output to print.
 */
export type CarryOut = (
  command: TypedCommand,
  place: Workplace,
) => OperatorOutput | Promise<OperatorOutput>;
