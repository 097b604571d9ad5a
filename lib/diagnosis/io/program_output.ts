/**
 * Runs a program that only looks, and gives what it printed.
 *
 * @module
 */

/** What a program printed. */
export interface ProgramOutput {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Limit of a look. */
const LIMIT_MS = 5_000;

/**
 * Runs a program, for 5 s at most.
 *
 * @param command The program.
 * @param args Its arguments.
 * @returns `undefined` where there is no such program, or this user may not run it.
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
 * Finds out whether this user could write into a folder. The runtime's own look
 * goes by modes only, and knows no read-only disk.
 *
 * @returns Why not, as the system says it; `undefined`: it could.
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
