/**
 * Finds out whether the system will start a program.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import {
  type ProgramHead,
  readProgramHead,
  SCRIPT_HEAD_BYTES,
} from "../exec_command.ts";

const HINT = "execprogram is the absolute path of the program";

/**
 * Examines a program without running it.
 *
 * @param path Absolute path.
 * @throws {RuntimeError} when the system would not start it, with the reason.
 */
export async function checkProgram(path: string): Promise<void> {
  const { isFile, mode } = await statOf(path);
  if (!isFile) throw new RuntimeError(`${path} is not a file`);
  if (mode !== null && (mode & 0o111) === 0) {
    const hint = `chmod +x ${path}`;
    throw new RuntimeError(`${path} is not executable`, { hint });
  }
  const head = await headOf(path);
  switch (head.kind) {
    case "other":
      return;
    case "windows":
      throw new RuntimeError(`${path} can't be run: ${head.reason}`, {
        hint: `sed -i 's/\\r$//' ${path}`,
      });
    case "script":
      return await checkInterpreter(path, head.interpreter);
  }
}

async function statOf(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (!isOfTheSystem(error)) throw error;
    const program = await programBefore(path);
    throw new RuntimeError(
      program === undefined
        ? `${path} can't be run: ${error.message}`
        : `there is no program ${path}: ${program} is one, and what stands behind it are arguments`,
      {
        hint: program === undefined
          ? HINT
          : "execprogram is a path alone; a script of its own can give arguments",
        cause: error,
      },
    );
  }
}

/** The existing file that the path names up to a blank. */
async function programBefore(path: string): Promise<string | undefined> {
  for (const { index } of path.matchAll(/ /g)) {
    const program = path.slice(0, index);
    try {
      if ((await Deno.stat(program)).isFile) return program;
    } catch (error) {
      if (!isOfTheSystem(error)) throw error;
    }
  }
  return undefined;
}

/** A program may be executable but not readable. */
async function headOf(path: string): Promise<ProgramHead> {
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(SCRIPT_HEAD_BYTES);
    const count = await file.read(bytes) ?? 0;
    return readProgramHead(bytes.subarray(0, count));
  } catch (error) {
    if (isOfTheSystem(error)) return { kind: "other" };
    throw error;
  }
}

async function checkInterpreter(
  path: string,
  interpreter: string,
): Promise<void> {
  try {
    await Deno.stat(interpreter);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return;
    throw new RuntimeError(
      `${path} can't be run: its first line asks for ${interpreter}, and there is none`,
      { hint: `install it, or change the first line of ${path}`, cause: error },
    );
  }
}

/** Whether the system reported the error; anything else is a bug. */
function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}
