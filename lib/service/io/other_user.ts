/**
 * Runs a command in place of this program.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT", "SIGHUP"];

/**
 * Runs a command with this program's input and outputs, and forwards the
 * signals to stop and to reload.
 *
 * @param command The program, looked up in `PATH`, and its arguments.
 * @returns Its exit code; for a signal 128 plus its number.
 * @throws {RuntimeError} when the program does not exist.
 */
export async function runInstead(
  [program, ...args]: readonly [program: string, ...args: string[]],
): Promise<number> {
  const child = spawn(program, args);
  const listeners = SIGNALS.map((signal) => {
    const listener = () => handOn(child, signal);
    Deno.addSignalListener(signal, listener);
    return [signal, listener] as const;
  });
  try {
    return (await child.status).code;
  } finally {
    for (const [signal, listener] of listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}

function spawn(program: string, args: readonly string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RuntimeError(`there is no ${program} here`, {
      hint:
        "install the package util-linux, or run it as the user who owns statedir",
      cause: error,
    });
  }
}

/** Forwards a signal; a terminal may already have ended the child. */
function handOn(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    const hasEnded = error instanceof TypeError ||
      error instanceof Deno.errors.NotFound;
    if (!hasEnded) throw error;
  }
}
