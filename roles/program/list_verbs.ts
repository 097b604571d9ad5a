/**
 * Carries out the verbs that read and write lists of addresses.
 *
 * @module
 */

import { exportBans } from "../../lib/cli/export_command.ts";
import { ImportCommands } from "../../lib/cli/import_commands.ts";
import { TerminalProgress } from "../../lib/cli/io/terminal_progress.ts";
import { readList } from "./list_input.ts";
import { publisherAt } from "./operator_socket.ts";
import { outputPlace } from "./output_place.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "export": (command, { config, editor }) =>
    exportBans(command, { ask: publisherAt(config), nowMs: editor.atMs }),
  "import": (command, place) => commandsAt(place).import(command),
  "imports": (command, place) => commandsAt(place).imports(command),
} as const satisfies Readonly<Record<string, CarryOut>>;

function commandsAt({ config, editor }: Workplace): ImportCommands {
  return new ImportCommands({
    ...{ ask: publisherAt(config), editor, nowMs: editor.atMs },
    ...{ readList, place: outputPlace(), progress: new TerminalProgress() },
  });
}
