/**
 * Reads a list to import.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";

/** Maximum size of a list, in bytes. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a whole file or standard input.
 *
 * @param operand The file's name, or `-` for standard input.
 * @throws {RuntimeError} when it can't be read, or is too long.
 */
export async function readList(operand: string): Promise<string> {
  try {
    const stream = operand === "-"
      ? Deno.stdin.readable
      : (await Deno.open(operand)).readable;
    return await textOf(stream, operand);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const hint = error instanceof Deno.errors.NotFound
      ? "name the list's file, or - for standard input"
      : "whoever runs this has to be able to read it";
    throw new RuntimeError(`cannot read ${operand}: ${error.message}`, {
      hint,
      cause: error,
    });
  }
}

async function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  operand: string,
): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) {
      throw new RuntimeError(`${operand} is longer than any list`, {
        hint: "64 MiB is the most that is read",
      });
    }
  }
  return await new Blob(chunks).text();
}
