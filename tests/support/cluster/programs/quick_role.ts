/**
 * A role's program whose nodes tell ten times as often that they are there, for
 * tests that see them fall silent. Its first argument is the role.
 *
 * @module
 */

import { PROGRAM as MONITOR } from "../../../../roles/monitor.ts";
import { PROGRAM as PUBLISHER } from "../../../../roles/publisher.ts";
import { PROGRAM as SUBSCRIBER } from "../../../../roles/subscriber.ts";
import { runProgram } from "../../../../roles/program/role_program.ts";

const PACE = {
  everyMs: 1_000,
  lookMs: 500,
  goneAfterMs: 8_000,
  silentAfterMs: 9_000,
};

async function main([role, ...argv]: readonly string[]): Promise<number> {
  switch (role) {
    case "monitor":
      return await runProgram({ ...MONITOR, pace: PACE }, argv);
    case "publisher":
      return await runProgram({ ...PUBLISHER, pace: PACE }, argv);
    case "subscriber":
      return await runProgram({ ...SUBSCRIBER, pace: PACE }, argv);
    default:
      throw new Error(`No role: ${role}`);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
