/**
 * Writes text to the terminal, or wherever it was redirected to. Nothing
 * happens when nobody reads it any more, as in `--help | head -1`.
 *
 * @returns Whether it may be read.
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
