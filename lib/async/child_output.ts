/**
 * Reads the output of child processes.
 *
 * Deno's own reader allocates 64 KiB for each chunk, and the memory stays in
 * use until the next full garbage collection: 40 MiB in a program that starts a
 * child every second.
 *
 * @module
 */

/** A started child process whose outputs are pipes. */
export interface StartedChild {
  readonly status: Promise<{ readonly success: boolean }>;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Whether a child process succeeded, and its output. */
export interface ChildResult {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Waits for a child process to end.
 *
 * @param child Its outputs must have no other reader.
 */
export async function resultOf(
  child: StartedChild,
): Promise<ChildResult> {
  const [{ success }, stdout, stderr] = await Promise.all([
    child.status,
    new ChildOutput(child.stdout).text(),
    new ChildOutput(child.stderr).text(),
  ]);
  return { success, stdout, stderr };
}

const FIRST_BUFFER_BYTES = 4_096;

/**
 * Reads an output through one reused buffer.
 *
 * @example
 * ```ts
 * import { ChildOutput } from "./child_output.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const bytes = new Blob(["deny 192.0.2.1"]).stream();
 * strictEqual(await new ChildOutput(bytes).text(), "deny 192.0.2.1");
 * ```
 */
export class ChildOutput {
  readonly #reader: ReadableStreamBYOBReader;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);

  /** @param stream A child's output, which must have no other reader. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader({ mode: "byob" });
  }

  /**
   * Reads the next chunk.
   *
   * @returns Its bytes, valid until the next call; `undefined` at the end.
   */
  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#fill(0);
    return count === 0 ? undefined : this.#buffer.subarray(0, count);
  }

  /** Reads the rest, without a size limit, and decodes it as UTF-8. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Reads the rest, without a size limit. */
  async bytes(): Promise<Uint8Array> {
    let length = 0;
    while (true) {
      const count = await this.#fill(length);
      length += count;
      if (count === 0) break;
      if (length === this.#buffer.length) this.#grow();
    }
    return this.#buffer.subarray(0, length);
  }

  /** Stops reading; a pending read resolves as at the end of the stream. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  /** @returns The number of bytes read. */
  async #fill(from: number): Promise<number> {
    const read = await this.#reader.read(this.#buffer.subarray(from));
    // A read detaches the buffer and returns its memory as a new one.
    if (read.value !== undefined) {
      this.#buffer = new Uint8Array(read.value.buffer);
    }
    return read.done ? 0 : read.value.length;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#buffer.length * 2);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
