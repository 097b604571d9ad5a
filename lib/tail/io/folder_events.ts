/**
 * Signals when a file of a folder is written, created or renamed, by Linux's
 * inotify.
 *
 * Deno's own `watchFs` opens each path that it reports, to compare files: a
 * pipe in the folder without a writer blocks it for ever, and blocks closing
 * it, too. This module opens nothing.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/inotify.7.html | inotify(7)}
 * @module
 */

import { libcName } from "../../log/libc_name.ts";

const IN_MODIFY = 0x2;
const IN_ATTRIB = 0x4;
const IN_MOVED_FROM = 0x40;
const IN_MOVED_TO = 0x80;
const IN_CREATE = 0x100;
const IN_DELETE = 0x200;
const IN_Q_OVERFLOW = 0x4000;
/** The watch has ended: the folder is gone, or the watch was removed. */
const IN_IGNORED = 0x8000;
const IN_ONLYDIR = 0x0100_0000;
const WATCHED = IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
  IN_CREATE | IN_DELETE | IN_ONLYDIR;
/** `IN_CLOEXEC | IN_NONBLOCK`. */
const INOTIFY_TYPE = 0o2000000 | 0o4000;
/** `struct inotify_event { int wd; uint32_t mask, cookie, len; char name[]; }` */
const HEADER_BYTES = 16;
/** Room for many events; the kernel returns whole ones only. */
const READ_BYTES = 16_384;
const POLLIN = 1;
/** Longest time that a call holds a thread, in milliseconds. */
const BOUND_MS = 1_000;

/** Watches until disposed. */
export class FolderEvents implements AsyncDisposable {
  readonly #libc: ReturnType<typeof openLibc>;
  readonly #queue: number;
  readonly #watch: number;
  readonly #name: Uint8Array;
  readonly #tell: () => void;
  readonly #running: Promise<void>;
  #isStopping = false;

  private constructor(
    libc: ReturnType<typeof openLibc>,
    { queue, watch, name, tell }: OpenWatch,
  ) {
    this.#libc = libc;
    this.#queue = queue;
    this.#watch = watch;
    this.#name = new TextEncoder().encode(name);
    this.#tell = tell;
    this.#running = this.#run();
  }

  /**
   * Begins to watch.
   *
   * @param folder Absolute path of a folder.
   * @param name Name of the file of interest in it.
   * @param tell Called when something may have happened to the file.
   * @returns `undefined` if it can't watch: no such folder, no watches left, no
   *   permission for the system call, or not Linux.
   */
  static open(
    folder: string,
    name: string,
    tell: () => void,
  ): FolderEvents | undefined {
    if (!mayCall()) return undefined;
    const libc = openLibc();
    const { inotify_init1, inotify_add_watch, close } = libc.symbols;
    const queue = inotify_init1(INOTIFY_TYPE);
    const path = new TextEncoder().encode(`${folder}\0`);
    const watch = queue < 0 ? -1 : inotify_add_watch(queue, path, WATCHED);
    if (watch >= 0) return new FolderEvents(libc, { queue, watch, name, tell });
    if (queue >= 0) close(queue);
    libc.close();
    return undefined;
  }

  /** Ends the watch; the kernel's last event ends the pending wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopping) return await this.#running;
    this.#isStopping = true;
    this.#libc.symbols.inotify_rm_watch(this.#queue, this.#watch);
    await this.#running;
    this.#libc.symbols.close(this.#queue);
    this.#libc.close();
  }

  async #run(): Promise<void> {
    const { poll, read } = this.#libc.symbols;
    const events = new Uint8Array(READ_BYTES);
    while (!this.#isStopping) {
      const set = new Int32Array([this.#queue, POLLIN]);
      await poll(new Uint8Array(set.buffer), 1n, BOUND_MS);
      const count = Number(read(this.#queue, events, BigInt(READ_BYTES)));
      const seen = count > 0
        ? this.#look(events.subarray(0, count))
        : NOTHING_SEEN;
      if (seen.isAbout) this.#tell();
      if (seen.isOver) return;
    }
  }

  #look(events: Uint8Array): Seen {
    const view = new DataView(events.buffer, events.byteOffset, events.length);
    let { isAbout, isOver } = NOTHING_SEEN;
    for (let at = 0; at + HEADER_BYTES <= events.length;) {
      const mask = view.getUint32(at + 4, true);
      const length = view.getUint32(at + 12, true);
      const name = events.subarray(
        at + HEADER_BYTES,
        at + HEADER_BYTES + length,
      );
      isAbout ||= (mask & IN_Q_OVERFLOW) !== 0 || this.#isName(name);
      isOver ||= (mask & IN_IGNORED) !== 0;
      at += HEADER_BYTES + length;
    }
    return { isAbout, isOver };
  }

  /** Compares a name, which the kernel pads with NULs. */
  #isName(bytes: Uint8Array): boolean {
    const name = this.#name;
    return bytes.length > name.length && bytes[name.length] === 0 &&
      name.every((byte, index) => bytes[index] === byte);
  }
}

interface OpenWatch {
  readonly queue: number;
  readonly watch: number;
  readonly name: string;
  readonly tell: () => void;
}

interface Seen {
  /** Whether something happened to the file. */
  readonly isAbout: boolean;
  /** Whether the watch has ended. */
  readonly isOver: boolean;
}

const NOTHING_SEEN: Seen = { isAbout: false, isOver: false };

function mayCall(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

function openLibc() {
  return Deno.dlopen(libcName("linux"), {
    inotify_init1: { parameters: ["i32"], result: "i32" },
    inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    inotify_rm_watch: { parameters: ["i32", "i32"], result: "i32" },
    poll: {
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
      nonblocking: true,
    },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
}
