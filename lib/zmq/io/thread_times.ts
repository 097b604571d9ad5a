/**
 * Reads the processor time of this process's threads from `/proc/self/task`. It
 * uses libc because Deno allows reading that folder only with all permissions.
 *
 * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html | proc_pid_stat(5)}
 * @module
 */

import { libcName } from "../../log/libc_name.ts";
import type { ThreadTimes } from "../thread_load.ts";

const TASKS = "/proc/self/task";
/** Offset of the name in Linux's 64-bit `struct dirent`. */
const NAME_OFFSET = 19;
/** Longer than any line of `stat`. */
const STAT_BYTES = 1_024;
/** Milliseconds per clock tick, as Linux reports them to programs. */
const MS_PER_TICK = 10;
/** Prefix of libzmq's names for its I/O threads; a number follows. */
const IO_THREAD = "ZMQbg/IO";
const DECODER = new TextDecoder();

/** Reads thread times; does nothing where `/proc` is missing. */
export class ThreadTimesReader implements Disposable {
  readonly #libc = Deno.dlopen(libcName(Deno.build.os), {
    opendir: { parameters: ["buffer"], result: "pointer" },
    readdir: { parameters: ["pointer"], result: "pointer" },
    closedir: { parameters: ["pointer"], result: "i32" },
    open: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
    // macOS has no gettid.
    gettid: { parameters: [], result: "i32", optional: true },
  });
  readonly #buffer = new Uint8Array(STAT_BYTES);

  /** Processor time used so far; `undefined`: the system does not report it. */
  read(): ThreadTimes | undefined {
    if (Deno.build.os !== "linux") return undefined;
    // The calling thread, whichever one the runtime has chosen.
    const own = String(this.#libc.symbols.gettid?.());
    let [mainMs, ioMs] = [0, 0];
    const stats = this.#tasks().map((task) =>
      [task, this.#stat(task)] as const
    );
    for (const [task, stat] of stats) {
      const nameEnd = stat.lastIndexOf(")");
      const fields = stat.slice(nameEnd + 2).split(" ");
      const ms = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
      if (!Number.isFinite(ms)) continue;
      if (task === own) mainMs = ms;
      const name = stat.slice(stat.indexOf("(") + 1, nameEnd);
      // With several I/O threads the busiest would count; there is one.
      if (name.startsWith(IO_THREAD)) ioMs += ms;
    }
    return stats.length === 0 ? undefined : { mainMs, ioMs };
  }

  [Symbol.dispose](): void {
    this.#libc.close();
  }

  #tasks(): readonly string[] {
    const { opendir, readdir, closedir } = this.#libc.symbols;
    const folder = opendir(cString(TASKS));
    if (folder === null) return [];
    const names: string[] = [];
    for (
      let entry = readdir(folder);
      entry !== null;
      entry = readdir(folder)
    ) {
      const name = new Deno.UnsafePointerView(entry).getCString(NAME_OFFSET);
      if (!name.startsWith(".")) names.push(name);
    }
    closedir(folder);
    return names;
  }

  /** Reads a thread's `stat`; empty when the thread has ended. */
  #stat(task: string): string {
    const { open, read, close } = this.#libc.symbols;
    const file = open(cString(`${TASKS}/${task}/stat`), 0);
    if (file < 0) return "";
    const count = Number(read(file, this.#buffer, BigInt(STAT_BYTES)));
    close(file);
    return DECODER.decode(this.#buffer.subarray(0, Math.max(0, count)));
  }
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
