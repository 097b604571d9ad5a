import type { OutputPlace } from "../../lib/views/operator_output.ts";
import { PLAIN_PLACE } from "../../lib/views/operator_output.ts";

/** The properties of standard output. */
export function outputPlace(): OutputPlace {
  if (!Deno.stdout.isTerminal()) return PLAIN_PLACE;
  return { columns: terminalColumns(), hasColour: !Deno.noColor };
}

/** A terminal without a known size gets the maximum width of a table. */
function terminalColumns(): number {
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : 100;
}
