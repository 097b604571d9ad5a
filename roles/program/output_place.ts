import type { OutputPlace } from "../../lib/views/operator_output.ts";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";

/** What standard output is. */
export function outputPlace(): OutputPlace {
  if (!Deno.stdout.isTerminal()) return PLAIN_PLACE;
  return { columns: terminalColumns(), hasColour: !Deno.noColor };
}

/** A terminal that does not know its size is as wide as a table may be. */
function terminalColumns(): number {
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : 100;
}
