/**
 * A role's program with other intervals: for tests that wait for silent nodes,
 * or that want no timeouts on a busy machine. Its first arguments are the role
 * and the intervals as JSON.
 *
 * @module
 */

import { PROGRAM as MONITOR } from "../../../../roles/monitor.ts";
import { PROGRAM as PUBLISHER } from "../../../../roles/publisher.ts";
import { PROGRAM as SUBSCRIBER } from "../../../../roles/subscriber.ts";
import { runProgram } from "../../../../roles/program/role_program.ts";
import type { PresencePace } from "../../../../lib/wire/presence_pace.ts";

async function main(
  [role, times = "", ...argv]: readonly string[],
): Promise<number> {
  // A test passed it as a value of this type.
  const pace = JSON.parse(times) as PresencePace;
  switch (role) {
    case "monitor":
      return await runProgram({ ...MONITOR, pace }, argv);
    case "publisher":
      return await runProgram({ ...PUBLISHER, pace }, argv);
    case "subscriber":
      return await runProgram({ ...SUBSCRIBER, pace }, argv);
    default:
      throw new Error(`No role: ${role}`);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
