/**
 * Runs a program that changes nothing, and returns its output.
 *
 * @module
 */

/** The output of a program. */
export interface ProgramOutput {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Timeout of a program, in milliseconds. */
const LIMIT_MS = 5_000;

/**
 * Runs a program, for 5 s at most.
 *
 * @param command The program.
 * @param args Its arguments.
 * @returns `undefined` if the program does not exist, or this user may not run
 * it.
 */
export async function outputOf(
  command: string,
  ...args: readonly string[]
): Promise<ProgramOutput | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      env: { LC_ALL: "C" },
      cwd: "/",
      stdin: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    const decoder = new TextDecoder();
    return {
      ok: success,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/**
 * Finds out whether this user can write into a folder. Deno's own check looks
 * only at modes and does not detect a read-only disk.
 *
 * @returns Why not, in the system's words; `undefined`: it can.
 */
export async function findWriteTrouble(
  path: string,
): Promise<string | undefined> {
  const writable = await outputOf("test", "-w", path);
  if (writable === undefined || writable.ok) return undefined;
  const mounted = await outputOf("findmnt", "-no", "OPTIONS", "-T", path);
  const isReadOnly = mounted?.stdout.trim().split(",").includes("ro") === true;
  return isReadOnly ? "read-only file system" : "permission denied";
}
