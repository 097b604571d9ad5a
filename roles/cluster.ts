/**
 * fail2ban-cluster: the operator's command for keys, nodes and the allowlist.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import {
  CLUSTER_PROGRAM,
  clusterHelpText,
  parseClusterCommand,
} from "../lib/cli/cluster_cli.ts";
import { EXIT_CODES } from "../lib/base/errors.ts";
import type { OperatorOutput } from "../lib/cli/operator_output.ts";
import { carryOut } from "./program/cluster_command.ts";
import { sayOnStderr, showError } from "./program/said.ts";
import { writeText } from "./program/write_text.ts";

/**
 * Runs the program.
 *
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const line = parseClusterCommand(argv);
    switch (line.kind) {
      case "help":
        writeText(Deno.stdout, clusterHelpText(deno.version, line.about));
        break;
      case "version":
        writeText(Deno.stdout, `${CLUSTER_PROGRAM} ${deno.version}\n`);
        break;
      case "command":
        say(await carryOut(line.command, import.meta.url));
    }
    return EXIT_CODES.ok;
  } catch (error) {
    return showError(CLUSTER_PROGRAM, error);
  }
}

function say({ lines, notes }: OperatorOutput): void {
  writeText(Deno.stdout, lines.map((line) => `${line}\n`).join(""));
  sayOnStderr(CLUSTER_PROGRAM, "notice", notes);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
