/**
 * Carries out the verb that makes a host a node.
 *
 * @module
 */

import { joinCluster } from "../../lib/cli/join_command.ts";
import { writeLocalSettings } from "./local_settings.ts";
import { membershipFile } from "./member_files.ts";
import { runningPrograms } from "./running_programs.ts";
import { typedLine } from "./typed_line.ts";
import type { CarryOut } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "join": async ({ operands }, place) => {
    const { config } = place;
    return await joinCluster(await typedLine(operands), {
      membership: membershipFile(config.stateDir),
      hostName: config.hostName,
      running: () => runningPrograms(config),
      configure: (settings) => writeLocalSettings(place, settings),
    });
  },
} as const satisfies Readonly<Record<string, CarryOut>>;
