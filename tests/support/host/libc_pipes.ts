/**
 * File descriptors that a test can make readable and close.
 *
 * @module
 */

/** The ends of a pipe. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Creates pipes, and closes the remaining ones when disposed. */
export class LibcPipes implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    pipe: { parameters: ["buffer"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #open = new Set<Pipe>();

  make(): Pipe {
    const ends = new Int32Array(2);
    if (this.#libc.symbols.pipe(new Uint8Array(ends.buffer)) !== 0) {
      throw new Error("Cannot make a pipe");
    }
    const [readEnd = -1, writeEnd = -1] = ends;
    const pipe = { readEnd, writeEnd };
    this.#open.add(pipe);
    return pipe;
  }

  /** Makes the read end readable. */
  fill({ writeEnd }: Pipe): void {
    this.#libc.symbols.write(writeEnd, new Uint8Array(1), 1n);
  }

  /** Reads what {@link LibcPipes.fill} wrote; waits if there is nothing. */
  drain({ readEnd }: Pipe): void {
    this.#libc.symbols.read(readEnd, new Uint8Array(1), 1n);
  }

  close(pipe: Pipe): void {
    if (!this.#open.delete(pipe)) return;
    this.#libc.symbols.close(pipe.readEnd);
    this.#libc.symbols.close(pipe.writeEnd);
  }

  [Symbol.dispose](): void {
    for (const pipe of this.#open) this.close(pipe);
    this.#libc.close();
  }
}
