/**
 * fail2ban-node: fail2ban-monitor and fail2ban-subscriber in one process.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { PROGRAM as MONITOR } from "./monitor.ts";
import { type NodeProgram, runNode } from "./program/node_program.ts";
import { PROGRAM as SUBSCRIBER } from "./subscriber.ts";

/** The program. */
export const PROGRAM: NodeProgram = {
  name: "fail2ban-node",
  role: "node",
  version: deno.version,
  moduleUrl: import.meta.url,
  monitor: MONITOR,
  subscriber: SUBSCRIBER,
};

/**
 * Runs the program.
 *
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  return await runNode(PROGRAM, argv);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
