/**
 * Waits on file descriptors with libc's `poll`, all of them in one call in one
 * thread, beside a pipe that ends the call when the set changes.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/poll.2.html | poll(2)}
 * @module
 */

import { RuntimeError } from "../errors.ts";
import type { DescriptorPoll, DescriptorWatcher } from "../ports.ts";

const POLLIN = 1;
/** `struct pollfd { int fd; short events; short revents; }` */
const POLLFD_BYTES = 8;
/** No call holds a thread, and with it the exit of the process, for longer. */
const POLL_BOUND_MS = 1_000;

/**
 * The {@link DescriptorPoll} of the operating system.
 *
 * @example
 * ```ts ignore
 * await using poll = new LibcPoll();
 * poll.add({ descriptor, settle: () => console.log("readable, perhaps") });
 * ```
 */
export class LibcPoll implements DescriptorPoll, AsyncDisposable {
  readonly #libc = Deno.dlopen(libcPath(), {
    poll: {
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
      nonblocking: true,
    },
    pipe: { parameters: ["buffer"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #pipe = new Int32Array(2);
  readonly #watchers = new Set<DescriptorWatcher>();
  #running: Promise<void> | undefined;
  #poll: Promise<number> | undefined;

  constructor() {
    if (this.#libc.symbols.pipe(new Uint8Array(this.#pipe.buffer)) !== 0) {
      this.#libc.close();
      throw new RuntimeError("cannot make a pipe", {
        hint: "raise the limit of open files (ulimit -n)",
      });
    }
  }

  add(watcher: DescriptorWatcher): void {
    this.#watchers.add(watcher);
    this.#wake();
    this.#running ??= this.#run();
  }

  async remove(watcher: DescriptorWatcher): Promise<void> {
    this.#watchers.delete(watcher);
    this.#wake();
    await this.#poll;
  }

  /** Ends the waiting. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchers.clear();
    this.#wake();
    await this.#running;
    for (const descriptor of this.#pipe) this.#libc.symbols.close(descriptor);
    this.#libc.close();
  }

  async #run(): Promise<void> {
    while (this.#watchers.size > 0) {
      const polled = this.#pollSet();
      this.#poll = this.#libc.symbols.poll(
        polled,
        BigInt(polled.byteLength / POLLFD_BYTES),
        POLL_BOUND_MS,
      );
      await this.#poll;
      if (new DataView(polled.buffer).getInt16(6, true) !== 0) this.#drain();
      for (const watcher of this.#watchers) watcher.settle();
    }
    this.#running = undefined;
  }

  #pollSet(): Uint8Array<ArrayBuffer> {
    const descriptors = [
      this.#pipe[0] ?? -1,
      ...[...this.#watchers].map((watcher) => watcher.descriptor),
    ];
    const set = new Uint8Array(descriptors.length * POLLFD_BYTES);
    const view = new DataView(set.buffer);
    descriptors.forEach((descriptor, index) => {
      view.setInt32(index * POLLFD_BYTES, descriptor, true);
      view.setInt16(index * POLLFD_BYTES + 4, POLLIN, true);
    });
    return set;
  }

  #wake(): void {
    this.#libc.symbols.write(this.#pipe[1] ?? -1, new Uint8Array(1), 1n);
  }

  #drain(): void {
    this.#libc.symbols.read(this.#pipe[0] ?? -1, new Uint8Array(64), 64n);
  }
}

function libcPath(): string {
  return Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6";
}
