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
 * Deno lets only programs that may do everything name a path below `/dev`, so
 * the daemon's socket is reached by a link in a folder of our own.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc3164 | RFC 3164}
 * @see {@link https://docs.deno.com/runtime/fundamentals/security/ | Deno's permissions}
 */
export class SyslogWriter implements LineWriter {
  readonly target: string;
  readonly linesAtOnce = 1;
  #way: SyslogWay | undefined;

  /** @param path The daemon's socket. @default {"/dev/log"} */
  constructor(path: string = SYSLOG_SOCKET) {
    this.target = path;
  }

  readonly deliver = async (lines: readonly OutputLine[]): Promise<void> => {
    try {
      this.#way ??= await openSyslogWay(this.target);
      const { socket, path } = this.#way;
      const address = { transport: "unixpacket", path } as const;
      for (const { text } of lines) {
        await socket.send(ENCODER.encode(text), address);
      }
    } catch (error) {
      // The link may be what has gone: folders for temporary files are cleaned.
      await this[Symbol.asyncDispose]();
      throw cannotWrite(this.target, error);
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    const way = this.#way;
    this.#way = undefined;
    if (way === undefined) return;
    way.socket.close();
    await removeFolder(way.folder);
  }
}

interface SyslogWay {
  readonly folder: string;
  readonly socket: Deno.DatagramConn;
  /** A link to the daemon's socket. */
  readonly path: string;
}

async function openSyslogWay(target: string): Promise<SyslogWay> {
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  try {
    const path = `${folder}/log`;
    await Deno.symlink(target, path);
    const socket = Deno.listenDatagram({
      transport: "unixpacket",
      path: `${folder}/socket`,
    });
    return { folder, socket, path };
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
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
