/**
 * A line with a code, which is better not typed: whoever lists the processes
 * sees what is.
 *
 * @module
 */

/** What was typed; for `-` what stands on standard input. */
export async function typedLine(operands: readonly string[]): Promise<string> {
  const typed = operands.join(" ");
  return typed === "-" ? await new Response(Deno.stdin.readable).text() : typed;
}
