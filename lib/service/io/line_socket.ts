/**
 * A Unix socket where whoever connects says a line and is answered by a line.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type { LineReply, LineRequest } from "../line_reply.ts";

/** Options for {@link LineSocket}. */
export interface LineSocketOptions {
  /** Gives the answer to a line, both with their line ends. Must not reject. */
  readonly answer: (line: string) => string | Promise<string>;
  /** Longest line that is read; 0: nothing is read, connecting is enough to be answered. */
  readonly maxRequestBytes: number;
  /** Connections served at a time; one more is closed. */
  readonly maxConnections: number;
  /** Told when a connection can't be accepted. The socket goes on trying. */
  readonly onTrouble: (error: Error) => void;
}

/** Limit of the time in which a request must be said. */
const REQUEST_TIMEOUT_MS = 2_000;
/** Pause after a connection that couldn't be accepted, such as for want of descriptors. */
const ACCEPT_PAUSE_MS = 200;
const LINE_END = 0x0a;

/**
 * Answers lines. Only the program's own user and root can connect.
 *
 * @example
 * ```ts ignore
 * await using socket = await LineSocket.listen(path, options);
 * ```
 */
export class LineSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #options: LineSocketOptions;
  readonly #serving = new Map<Connection, Promise<void>>();
  readonly #accepting: Promise<void>;
  #isClosed = false;

  private constructor(listener: Deno.Listener, options: LineSocketOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#accepting = this.#accept();
  }

  /**
   * Begins to answer. A socket that is there is replaced: hold the pid file.
   *
   * @param path Where.
   * @param options See {@link LineSocketOptions}.
   * @throws {RuntimeError} when the socket can't be made.
   */
  static async listen(
    path: string,
    options: LineSocketOptions,
  ): Promise<LineSocket> {
    try {
      await removeIfThere(path);
      const listener = Deno.listen({ transport: "unix", path });
      await Deno.chmod(path, 0o600);
      return new LineSocket(listener, options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(`cannot listen on ${path}: ${error.message}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { addr } = this.#listener;
    this.#isClosed = true;
    this.#listener.close();
    await this.#accepting;
    for (const connection of this.#serving.keys()) connection.close();
    await Promise.all(this.#serving.values());
    if (addr.transport === "unix") await removeIfThere(addr.path);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      const connection = await this.#next();
      if (connection === undefined) continue;
      if (this.#serving.size >= this.#options.maxConnections) {
        connection.close();
        continue;
      }
      const serving = this.#serve(connection).finally(() =>
        this.#serving.delete(connection)
      );
      this.#serving.set(connection, serving);
    }
  }

  /** @returns `undefined` when this socket is closed, or the system has no room for a connection now. */
  async #next(): Promise<Connection | undefined> {
    try {
      return new Connection(await this.#listener.accept());
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!(error instanceof Error)) throw error;
      this.#options.onTrouble(error);
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      return undefined;
    }
  }

  async #serve(connection: Connection): Promise<void> {
    const { answer, maxRequestBytes } = this.#options;
    const late = setTimeout(() => connection.close(), REQUEST_TIMEOUT_MS);
    try {
      const { text, isCut } = await connection.readLine(maxRequestBytes);
      clearTimeout(late);
      if (!isCut) await connection.write(await answer(text));
    } catch (error) {
      // Whoever asked has gone, or was too late.
      if (!isGone(error)) throw error;
    } finally {
      clearTimeout(late);
      connection.close();
    }
  }
}

/** Asks a running program. */
export async function askLine(
  { path, line, maxAnswerBytes, timeoutMs }: LineRequest,
): Promise<LineReply> {
  let isLate = false;
  let connection: Connection | undefined;
  const late = setTimeout(() => {
    isLate = true;
    connection?.close();
  }, timeoutMs);
  try {
    connection = new Connection(
      await Deno.connect({ transport: "unix", path }),
    );
    await connection.write(line);
    return { kind: "answer", ...await connection.readLine(maxAnswerBytes) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = isLate ? "late" : whyOf(error);
    return { kind: "failure", why, reason: error.message, cause: error };
  } finally {
    clearTimeout(late);
    connection?.close();
  }
}

/** A connection that may be closed more than once. */
class Connection {
  readonly #connection: Deno.Conn;
  #isClosed = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  /** Reads to the end of the first line, or as many bytes as there may be. */
  async readLine(
    maxBytes: number,
  ): Promise<{ readonly text: string; readonly isCut: boolean }> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    let isCut = false;
    while (length < maxBytes) {
      const bytes = new Uint8Array(Math.min(65_536, maxBytes - length));
      const count = await this.#connection.read(bytes);
      isCut = count === null;
      if (count === null) break;
      parts.push(bytes.subarray(0, count));
      length += count;
      if (bytes[count - 1] === LINE_END) break;
    }
    return { text: await new Blob(parts).text(), isCut };
  }

  async write(text: string): Promise<void> {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }
}

function whyOf(error: Error): "absent" | "denied" | "gone" | "other" {
  if (
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.ConnectionRefused
  ) return "absent";
  if (error instanceof Deno.errors.PermissionDenied) return "denied";
  return isGone(error) ? "gone" : "other";
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
