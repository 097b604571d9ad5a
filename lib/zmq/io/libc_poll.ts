/**
 * Waits on file descriptors with libc's `poll`: one call in one thread for all
 * of them, plus a pipe that ends the call when the set changes.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/poll.2.html | poll(2)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import { libcName } from "../../log/libc_name.ts";
import type { DescriptorPoll, DescriptorWatcher } from "../ports.ts";

const POLLIN = 1;
const POLLNVAL = 0x20;
/** `struct pollfd { int fd; short events; short revents; }` */
const POLLFD_BYTES = 8;
/** Interval between checks for a closed descriptor: no event reports it. */
const LOOK_EVERY_MS = 2;
/** Linux: programs that this one starts don't inherit the descriptor. */
const O_CLOEXEC = 0o2000000;

/** Options for {@link LibcPoll}. */
export interface LibcPollOptions {
  /**
   * Longest time that a call holds a thread, in milliseconds. After it every
   * watcher checks its descriptor again, as after a wake-up.
   *
   * @default {1000}
   */
  readonly boundMs?: number;
}

/**
 * The {@link DescriptorPoll} of the operating system. After disposal it waits
 * for nothing; removing is then allowed, adding is a bug and throws.
 *
 * @example
 * ```ts ignore
 * await using poll = new LibcPoll();
 * poll.add({ descriptor, settle: () => console.log("readable, perhaps") });
 * ```
 */
export class LibcPoll implements DescriptorPoll, AsyncDisposable {
  readonly #libc = Deno.dlopen(libcName(Deno.build.os), {
    poll: {
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
      nonblocking: true,
    },
    look: {
      name: "poll",
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
    },
    pipe: { parameters: ["buffer"], result: "i32" },
    // macOS has no pipe2.
    pipe2: { parameters: ["buffer", "i32"], result: "i32", optional: true },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #pipe = new Int32Array(2);
  readonly #boundMs: number;
  readonly #watchers = new Set<DescriptorWatcher>();
  #isWoken = false;
  #isDisposed = false;
  #running: Promise<void> | undefined;
  #poll: Promise<number> | undefined;

  /** @throws {RuntimeError} when no file descriptors are left. */
  constructor({ boundMs = 1_000 }: LibcPollOptions = {}) {
    this.#boundMs = boundMs;
    const { pipe, pipe2 } = this.#libc.symbols;
    const ends = new Uint8Array(this.#pipe.buffer);
    if ((pipe2?.(ends, O_CLOEXEC) ?? pipe(ends)) !== 0) {
      this.#libc.close();
      throw new RuntimeError("cannot make a pipe", {
        hint: "raise the limit of open files (ulimit -n)",
      });
    }
  }

  add(watcher: DescriptorWatcher): void {
    if (this.#isDisposed) throw new Error("Cannot add to a disposed poll");
    this.#watchers.add(watcher);
    this.#wake();
    this.#running ??= this.#run();
  }

  async remove(watcher: DescriptorWatcher): Promise<void> {
    this.#watchers.delete(watcher);
    this.#wake();
    await this.#poll;
  }

  async closed(descriptor: number, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (performance.now() < deadlineMs && this.#isOpen(descriptor)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Stops waiting and closes the pipe. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return await this.#running;
    this.#watchers.clear();
    this.#wake();
    this.#isDisposed = true;
    await this.#running;
    for (const descriptor of this.#pipe) this.#libc.symbols.close(descriptor);
    this.#libc.close();
  }

  async #run(): Promise<void> {
    while (this.#watchers.size > 0) {
      const watched = [...this.#watchers].map(({ descriptor }) => descriptor);
      const set = pollSet([this.#pipe[0] ?? -1, ...watched]);
      this.#poll = this.#libc.symbols.poll(
        set,
        BigInt(set.byteLength / POLLFD_BYTES),
        this.#boundMs,
      );
      await this.#poll;
      if (revents(set, 0) !== 0) this.#drain();
      for (const watcher of this.#watchers) watcher.settle();
    }
    this.#running = undefined;
  }

  #isOpen(descriptor: number): boolean {
    if (this.#isDisposed) return false;
    const set = pollSet([descriptor]);
    this.#libc.symbols.look(set, 1n, 0);
    return (revents(set, 0) & POLLNVAL) === 0;
  }

  /** Writes one byte: more could fill the pipe and block the process. */
  #wake(): void {
    if (this.#isWoken || this.#isDisposed) return;
    this.#isWoken = true;
    this.#libc.symbols.write(this.#pipe[1] ?? -1, new Uint8Array(1), 1n);
  }

  #drain(): void {
    this.#libc.symbols.read(this.#pipe[0] ?? -1, new Uint8Array(1), 1n);
    this.#isWoken = false;
  }
}

function pollSet(descriptors: readonly number[]): Uint8Array<ArrayBuffer> {
  const set = new Uint8Array(descriptors.length * POLLFD_BYTES);
  const view = new DataView(set.buffer);
  descriptors.forEach((descriptor, index) => {
    view.setInt32(index * POLLFD_BYTES, descriptor, true);
    view.setInt16(index * POLLFD_BYTES + 4, POLLIN, true);
  });
  return set;
}

function revents(set: Uint8Array<ArrayBuffer>, index: number): number {
  return new DataView(set.buffer).getInt16(index * POLLFD_BYTES + 6, true);
}
