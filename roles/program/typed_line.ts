/**
 * Reads a line with a join code. Standard input hides it from the list of
 * processes.
 *
 * @module
 */

/** The operands, or standard input for `-`. */
export async function typedLine(operands: readonly string[]): Promise<string> {
  const typed = operands.join(" ");
  return typed === "-" ? await new Response(Deno.stdin.readable).text() : typed;
}
