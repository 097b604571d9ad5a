/**
 * Writers of finished lines: to standard error, a file, syslog.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type { OutputLine } from "../line_sink.ts";
import type { DatagramSender } from "../datagram_sender.ts";

/** Writes lines to a target, in order; used by `LineQueue`. */
export interface LineWriter extends AsyncDisposable {
  /** The target's name, for error messages. */
  readonly target: string;
  /**
   * Maximum number of lines in a call, which writes all or, as far as the
   * target allows, none of them.
   */
  readonly linesAtOnce: number;
  /** @throws {RuntimeError} when the lines were not written. */
  readonly deliver: (lines: readonly OutputLine[]) => Promise<void>;
}

/** The local syslog daemon's socket. */
export const SYSLOG_SOCKET = "/dev/log";

/** Number of lines in one system call. */
const WRITTEN_AT_ONCE = 500;

const LF = 0x0a;
const ENCODER = new TextEncoder();

/** Writes to standard error. */
export class StderrWriter implements LineWriter {
  readonly target = "standard error";
  readonly linesAtOnce = WRITTEN_AT_ONCE;

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      await writeAll(Deno.stderr, textOf(lines));
    } catch (error) {
      throw cannotWrite(this.target, error);
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Appends to a file, which it opens for each write, so the file may be rotated.
 * A line that a full disk truncated is removed again; if that fails, the next
 * write begins a new line.
 */
export class FileWriter implements LineWriter {
  readonly target: string;
  readonly linesAtOnce = WRITTEN_AT_ONCE;
  /**
   * Whether the file may end with an unfinished line, ours or an earlier
   * writer's.
   */
  #mayEndAmidLine = true;

  /** @param path Absolute path; created with mode 0640 if it is missing. */
  constructor(path: string) {
    this.target = path;
  }

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      using file = await Deno.open(this.target, {
        append: true,
        create: true,
        mode: 0o640,
      });
      const before = await file.stat();
      const startsLine = !this.#mayEndAmidLine || before.size === 0 ||
        await endsLine(this.target, before.size);
      this.#mayEndAmidLine = true;
      await writeOrTakeBack(file, before, textOf(lines, startsLine));
      this.#mayEndAmidLine = false;
    } catch (error) {
      throw cannotWrite(this.target, error);
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Sends each line as a datagram to the local syslog daemon.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc3164 | RFC 3164}
 */
export class SyslogWriter implements LineWriter {
  readonly target: string;
  readonly linesAtOnce = 1;
  readonly #datagrams: DatagramSender;

  /**
   * @param datagrams Sends them; closed with the writer.
   * @param path The daemon's socket. @default {"/dev/log"}
   */
  constructor(datagrams: DatagramSender, path: string = SYSLOG_SOCKET) {
    this.#datagrams = datagrams;
    this.target = path;
  }

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      for (const { text } of lines) {
        const bytes = ENCODER.encode(text);
        await this.#datagrams.send(bytes, this.target);
      }
    } catch (error) {
      throw cannotWrite(this.target, error);
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#datagrams[Symbol.asyncDispose]();
  }
}

function textOf(lines: readonly OutputLine[], startsLine = true): Uint8Array {
  const text = lines.map(({ text }) => `${text}\n`).join("");
  return ENCODER.encode(startsLine ? text : `\n${text}`);
}

/** Whether the file ends with a complete line. */
async function endsLine(path: string, sizeBytes: number): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    await file.seek(sizeBytes - 1, Deno.SeekMode.Start);
    const last = new Uint8Array(1);
    return await file.read(last) === 1 && last[0] === LF;
  } catch (error) {
    // The file may be write-only: an additional empty line does no harm.
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/**
 * Writes all bytes or leaves the file unchanged, unless others write to it as
 * well.
 */
async function writeOrTakeBack(
  file: Deno.FsFile,
  before: Deno.FileInfo,
  bytes: Uint8Array,
): Promise<void> {
  let written = 0;
  const counting = {
    write: async (rest: Uint8Array) => {
      const count = await file.write(rest);
      written += count;
      return count;
    },
  };
  try {
    await writeAll(counting, bytes);
  } catch (error) {
    const { size } = await file.stat();
    const isOurs = before.isFile && size === before.size + written;
    if (isOurs && written > 0) await file.truncate(before.size);
    throw error;
  }
}

async function writeAll(
  out: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await out.write(rest));
}

function cannotWrite(target: string, error: unknown): unknown {
  return error instanceof Error
    ? new RuntimeError(`cannot write to ${target}: ${error.message}`, {
      cause: error,
    })
    : error;
}
