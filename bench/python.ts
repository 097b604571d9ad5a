/**
 * Limits that Python measures: programs of `programs/` that print one JSON text.
 *
 * @module
 */

/** Debian's, which has its `python3-zmq`. */
const PYTHON = "/usr/bin/python3";

/**
 * Runs one, and waits for its end.
 *
 * @param name Its file.
 * @param args Its arguments.
 * @returns What it printed.
 * @throws {Error} If it fails; what it says of that goes to standard error.
 */
export async function runPython<T>(
  name: string,
  ...args: readonly string[]
): Promise<T> {
  const path = decodeURIComponent(
    new URL(`programs/${name}`, import.meta.url).pathname,
  );
  const { success, stdout } = await new Deno.Command(PYTHON, {
    args: [path, ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${name} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
