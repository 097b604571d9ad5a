/**
 * Carries out the verbs that change bans, test their way and ask the publisher
 * for its status and logins.
 *
 * @module
 */

import { LiveCommands } from "../../lib/cli/live_commands.ts";
import { PageCommands } from "../../lib/cli/page_commands.ts";
import { SteeringCommands } from "../../lib/cli/steering_commands.ts";
import { testCluster } from "../../lib/cli/test_command.ts";
import { publisherAt } from "./operator_socket.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "ban": (command, place) => steeringAt(place).ban(command),
  "unban": (command, place) => steeringAt(place).unban(command),
  "status": (command, place) => liveAt(place).status(command),
  "audit": (command, place) => liveAt(place).audit(command),
  "node withdraw": (command, place) => liveAt(place).withdraw(command),
  "node release": (command, place) => liveAt(place).release(command),
  "test": (command, { config, editor }) =>
    testCluster(command, publisherAt(config), editor),
  "page login": (command, place) => pageAt(place).login(command),
  "page list": (command, place) => pageAt(place).list(command),
  "page logout": (command, place) => pageAt(place).logout(command),
} as const satisfies Readonly<Record<string, CarryOut>>;

function steeringAt({ config, editor }: Workplace): SteeringCommands {
  return new SteeringCommands({
    ...{ ask: publisherAt(config), editor },
    confirm: Deno.stdin.isTerminal() ? confirm : undefined,
  });
}

function liveAt({ config, editor }: Workplace): LiveCommands {
  return new LiveCommands(publisherAt(config), editor);
}

function pageAt({ config, editor }: Workplace): PageCommands {
  return new PageCommands(publisherAt(config), editor);
}
