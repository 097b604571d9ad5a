/**
 * What a verb of the operator's command has to work with.
 *
 * @module
 */

import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import type { Editor } from "../../lib/members/member_edits.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";

/** Where a verb is carried out. */
export interface Workplace {
  readonly config: ClusterConfig;
  /** The configuration file that was read first. */
  readonly configPath: string;
  /** Who asks, and when. */
  readonly editor: Editor;
  /** This program's. */
  readonly version: string;
}

/**
 * Carries a verb out.
 *
 * @param command What was typed.
 * @param place Where.
 * @returns What is printed.
 */
export type CarryOut = (
  command: TypedCommand,
  place: Workplace,
) => OperatorOutput | Promise<OperatorOutput>;
