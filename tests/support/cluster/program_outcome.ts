import { ChildProcess } from "../host/child_process.ts";
import { roleCommand, type RoleName } from "./test_cluster.ts";

/** The result of an ended program. */
export interface ProgramOutcome {
  readonly code: number;
  /** Lines of standard output. */
  readonly stdout: readonly string[];
  /** Lines of standard error, without the runtime's own warnings. */
  readonly stderr: readonly string[];
}

/** Waits for a program's end. */
export async function outcomeOf(child: ChildProcess): Promise<ProgramOutcome> {
  const { code } = await child.ended;
  return { code, stdout: child.stdout, stderr: ownLines(child) };
}

/** Runs a program with exactly these arguments to its end. */
export async function runProgram(
  role: RoleName,
  ...args: string[]
): Promise<ProgramOutcome> {
  const { command, args: before } = roleCommand(role);
  await using child = new ChildProcess({ command, args: [...before, ...args] });
  return await outcomeOf(child);
}

/**
 * The program's own lines on standard error; the runtime warns of permission
 * sets there.
 */
export function ownLines({ stderr }: ChildProcess): string[] {
  return stderr.filter((line) =>
    !line.includes("Permissions in the config file")
  );
}
