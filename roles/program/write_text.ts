/**
 * Writes text to the terminal, or where it was redirected to. Ignores a reader
 * that is gone, as in `--help | head -1`.
 *
 * @returns Whether somebody still reads.
 */
export function writeText(
  to: { writeSync(bytes: Uint8Array): number },
  text: string,
): boolean {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    return false;
  }
  return true;
}
