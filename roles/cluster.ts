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
import { EXIT_CODES, type ExitCode } from "../lib/base/errors.ts";
import type { OperatorOutput } from "../lib/views/operator_output.ts";
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
      case "hint":
        // Exit code 0 would tell a script that the command was carried out.
        writeText(
          Deno.stderr,
          `${CLUSTER_PROGRAM}: hint: here that is ${CLUSTER_PROGRAM} ${line.words}\n`,
        );
        return EXIT_CODES.usage;
      case "command": {
        // Help and version load none of this.
        const { carryOut } = await import("./program/cluster_command.ts");
        return await say(
          await carryOut(line.command, {
            moduleUrl: import.meta.url,
            version: deno.version,
          }),
        );
      }
    }
    return EXIT_CODES.ok;
  } catch (error) {
    return showError(CLUSTER_PROGRAM, error);
  }
}

/** @returns The exit code. */
async function say(
  { lines, pages, live, notes, foundFault = false }: OperatorOutput,
): Promise<ExitCode> {
  print(lines);
  if (live !== undefined) {
    const { printLive } = await import("./program/live_output.ts");
    await printLive(Deno.stdout, live);
  }
  for await (const page of pages ?? []) {
    if (!print(page)) break;
  }
  sayOnStderr(CLUSTER_PROGRAM, "notice", notes);
  return foundFault ? EXIT_CODES.runtime : EXIT_CODES.ok;
}

/** @returns Whether somebody still reads the output. */
function print(lines: readonly string[]): boolean {
  return writeText(Deno.stdout, lines.map((line) => `${line}\n`).join(""));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
