/**
 * Carries out the verbs that show bans.
 *
 * @module
 */

import { BanCommands } from "../../lib/cli/ban_commands.ts";
import { publisherAt } from "./operator_socket.ts";
import { outputPlace } from "./output_place.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "bans": (command, place) => commandsAt(place).bans(command),
  "why": (command, place) => commandsAt(place).why(command),
  "tail": (command, place) => commandsAt(place).tail(command),
} as const satisfies Readonly<Record<string, CarryOut>>;

function commandsAt({ config, editor }: Workplace): BanCommands {
  return new BanCommands({
    ask: publisherAt(config),
    nowMs: editor.atMs,
    place: outputPlace(),
  });
}
