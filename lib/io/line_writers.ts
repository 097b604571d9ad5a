/**
 * Where finished lines are written: standard error, a file, syslog.
 *
 * @module
 */

import { RuntimeError } from "../errors.ts";
import type { OutputLine } from "../line_sink.ts";

/** Writes lines somewhere, in order; what a `LineQueue` delivers with. */
export interface LineWriter extends AsyncDisposable {
  /** What the lines go to, for complaints. */
  readonly target: string;
  /** So many lines are written wholly, or not at all. */
  readonly linesAtOnce: number;
  /** @throws {RuntimeError} when the lines were not written. */
  readonly deliver: (lines: readonly OutputLine[]) => Promise<void>;
}

/** The local syslog daemon's socket. */
export const SYSLOG_SOCKET = "/dev/log";

/** Lines that go out in one system call. */
const WRITTEN_AT_ONCE = 100;

const ENCODER = new TextEncoder();

/** Writes to standard error. */
export class StderrWriter implements LineWriter {
  readonly target = "standard error";
  readonly linesAtOnce = WRITTEN_AT_ONCE;

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      await writeAll(Deno.stderr, lines);
    } catch (error) {
      throw cannotWrite(this.target, error);
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Appends to a file. It is opened anew each time, so it may be rotated. */
export class FileWriter implements LineWriter {
  readonly target: string;
  readonly linesAtOnce = WRITTEN_AT_ONCE;

  /** @param path Absolute path; created with mode 0640 where it is missing. */
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
      await writeAll(file, lines);
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
  #socket: Deno.DatagramConn | undefined;

  /** @param path The daemon's socket. @default {"/dev/log"} */
  constructor(path: string = SYSLOG_SOCKET) {
    this.target = path;
  }

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      this.#socket ??= await openDatagramSocket();
      const address = { transport: "unixpacket", path: this.target } as const;
      for (const { text } of lines) {
        await this.#socket.send(ENCODER.encode(text), address);
      }
    } catch (error) {
      throw cannotWrite(this.target, error);
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.close();
    return Promise.resolve();
  }
}

/** A socket to send from. It needs a name only until it is bound. */
async function openDatagramSocket(): Promise<Deno.DatagramConn> {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    return Deno.listenDatagram({
      transport: "unixpacket",
      path: `${folder}/socket`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeAll(
  out: { write(bytes: Uint8Array): Promise<number> },
  lines: readonly OutputLine[],
): Promise<void> {
  let rest = ENCODER.encode(lines.map(({ text }) => `${text}\n`).join(""));
  while (rest.length > 0) rest = rest.subarray(await out.write(rest));
}

function cannotWrite(target: string, error: unknown): unknown {
  return error instanceof Error
    ? new RuntimeError(`cannot write to ${target}: ${error.message}`, {
      cause: error,
    })
    : error;
}
