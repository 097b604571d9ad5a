/**
 * Reads what programs write that this one starts.
 *
 * The runtime's own way takes 64 KiB anew for each piece, which lie about until all
 * garbage is collected: 40 MiB of a program that starts another every second.
 *
 * @module
 */

/** A program that was started, and whose outputs are pipes. */
export interface StartedChild {
  readonly status: Promise<{ readonly success: boolean }>;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** How a program ended, and what it wrote. */
export interface ChildResult {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Waits for a program's end.
 *
 * @param child Nobody else reads its outputs.
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
 * An output, read with one buffer.
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

  /** @param stream A child's output; nobody else reads it. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader({ mode: "byob" });
  }

  /**
   * Reads the next piece.
   *
   * @returns Its bytes until the next call; `undefined`: no more will come.
   */
  async next(): Promise<Uint8Array | undefined> {
    const count = await this.#fill(0);
    return count === 0 ? undefined : this.#buffer.subarray(0, count);
  }

  /** Reads all, however much it is. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** The same, as it is. */
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

  /** Reads no more; whoever waits for more is told that there is none. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  /** @returns How many bytes came. */
  async #fill(from: number): Promise<number> {
    const read = await this.#reader.read(this.#buffer.subarray(from));
    // Reading takes the buffer, and gives its memory back as another one.
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
