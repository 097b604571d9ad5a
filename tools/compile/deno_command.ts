/**
 * Calls Deno: the one that runs this program, or the one that `COMPILE_DENO`
 * names, for a base runtime of another version.
 *
 * @module
 */

/** Deno ended with an exit code other than 0. */
export class DenoFailure extends Error {
  override readonly name = "DenoFailure";
  /** Its standard error. */
  readonly stderr: string;

  /**
   * @param args Its arguments.
   * @param stderr Its standard error.
   */
  constructor(args: readonly string[], stderr: string) {
    super(`deno ${args.join(" ")} failed:\n${stderr.trimEnd()}`);
    this.stderr = stderr;
  }
}

/**
 * Runs Deno to its end.
 *
 * @param cwd The working folder.
 * @param args The arguments.
 * @returns Its standard output.
 * @throws {DenoFailure} when its exit code is not 0.
 */
export async function runDeno(
  cwd: string,
  args: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(
    absolute(Deno.env.get("COMPILE_DENO") || Deno.execPath()),
    {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...baseRuntime() },
      stdin: "null",
    },
  ).output();
  const decoder = new TextDecoder();
  if (!success) throw new DenoFailure(args, decoder.decode(stderr));
  return decoder.decode(stdout);
}

function baseRuntime(): Record<string, string> {
  const path = Deno.env.get("DENORT_BIN");
  return path ? { DENORT_BIN: absolute(path) } : {};
}

/** A path for a process in another folder. */
function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Runs Deno and parses its output as JSON.
 *
 * @typeParam T The type of the output.
 * @param cwd The working folder.
 * @param args The arguments.
 * @throws {DenoFailure} when its exit code is not 0.
 */
export async function denoJson<T>(
  cwd: string,
  args: readonly string[],
): Promise<T> {
  const answer: T = JSON.parse(await runDeno(cwd, args));
  return answer;
}
