/**
 * The operator's commands as they are typed.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import {
  parseClusterCommand,
  type TypedCommand,
} from "../../../lib/cli/cluster_cli.ts";

/** Parses a command, without the program's name. */
export function typed(text: string): TypedCommand {
  const line = parseClusterCommand(text.split(" "));
  ok(line.kind === "command");
  return line.command;
}
