/**
 * Calls Deno: the one that runs this program, or the one that `COMPILE_DENO`
 * names, for a base runtime of another version.
 *
 * @module
 */

/** Deno ended with another exit code than 0. */
export class DenoFailure extends Error {
  override readonly name = "DenoFailure";
  /** What it wrote to standard error. */
  readonly stderr: string;

  /**
   * @param args Its arguments.
   * @param stderr What it wrote to standard error.
   */
  constructor(args: readonly string[], stderr: string) {
    super(`deno ${args.join(" ")} failed:\n${stderr.trimEnd()}`);
    this.stderr = stderr;
  }
}

/**
 * Runs Deno to its end.
 *
 * @param cwd Where.
 * @param args Its arguments.
 * @returns What it wrote to standard output.
 * @throws {DenoFailure} when its exit code isn't 0.
 */
export async function runDeno(
  cwd: string,
  args: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(
    Deno.env.get("COMPILE_DENO") ?? Deno.execPath(),
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

/** `DENORT_BIN` for one that runs in another folder. */
function baseRuntime(): Record<string, string> {
  const path = Deno.env.get("DENORT_BIN");
  if (path === undefined || path.startsWith("/")) return {};
  return { DENORT_BIN: `${Deno.cwd()}/${path}` };
}

/**
 * Runs Deno and reads its answer.
 *
 * @typeParam T What the answer is.
 * @param cwd Where.
 * @param args Its arguments.
 * @throws {DenoFailure} when its exit code isn't 0.
 */
export async function denoJson<T>(
  cwd: string,
  args: readonly string[],
): Promise<T> {
  const answer: T = JSON.parse(await runDeno(cwd, args));
  return answer;
}
