/**
 * A Unix socket that answers each connection's line with lines.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import type { LineReply, LineRequest } from "../line_reply.ts";

/** Options for {@link LineSocket}. */
export interface LineSocketOptions {
  /**
   * Yields the lines of an answer, with their line ends; the next one is
   * requested after the client has read the last one. Must not reject before
   * `gone` is aborted, which means that the client has disconnected.
   */
  readonly answer: (
    line: string,
    gone: AbortSignal,
  ) => Iterable<string> | AsyncIterable<string>;
  /** Longest request; 0: none is read, and connecting is the request. */
  readonly maxRequestBytes: number;
  /** Connections served at a time; further ones are closed. */
  readonly maxConnections: number;
  /** Called when a connection can't be accepted. The socket keeps trying. */
  readonly onTrouble: (error: Error) => void;
}

/** Time limit for sending the request. */
const REQUEST_TIMEOUT_MS = 2_000;
/** Pause after a failed accept, for example without free descriptors. */
const ACCEPT_PAUSE_MS = 200;
/** Time limit for reading one line of an answer: the slot is for others. */
const READ_TIMEOUT_MS = 300_000;
const LINE_END = 0x0a;
const READ_BYTES = 65_536;
const WRITE_BYTES = 65_536;
const ENCODER = new TextEncoder();

/**
 * Answers requests. Only the program's own user and root can connect.
 *
 * @example
 * ```ts ignore
 * await using socket = await LineSocket.listen(path, options);
 * ```
 */
export class LineSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #options: LineSocketOptions;
  readonly #serving = new Map<LineConnection, Promise<void>>();
  readonly #accepting: Promise<void>;
  #isClosed = false;

  private constructor(listener: Deno.Listener, options: LineSocketOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#accepting = this.#accept();
  }

  /**
   * Begins to answer. Replaces an existing socket: hold the pid file.
   *
   * @param path The socket's path.
   * @param options See {@link LineSocketOptions}.
   * @throws {RuntimeError} when the socket can't be created.
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

  /**
   * @returns `undefined` if closed, or if no connection can be accepted now.
   */
  async #next(): Promise<LineConnection | undefined> {
    try {
      return new LineConnection(await this.#listener.accept());
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!(error instanceof Error)) throw error;
      this.#options.onTrouble(error);
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      return undefined;
    }
  }

  async #serve(connection: LineConnection): Promise<void> {
    const { maxRequestBytes } = this.#options;
    const gone = new AbortController();
    const late = setTimeout(() => connection.close(), REQUEST_TIMEOUT_MS);
    let ending: Promise<void> | undefined;
    try {
      const { text, isCut } = await connection.readLine(maxRequestBytes);
      clearTimeout(late);
      if (isCut) return;
      if (maxRequestBytes > 0) ending = abortAtEnd(connection, gone);
      await this.#write(connection, text, gone.signal);
    } catch (error) {
      // The client has disconnected, or was too late.
      if (!isGone(error) && !gone.signal.aborted) throw error;
    } finally {
      clearTimeout(late);
      connection.close();
      await ending;
    }
  }

  async #write(
    connection: LineConnection,
    text: string,
    gone: AbortSignal,
  ): Promise<void> {
    for await (const line of this.#options.answer(text, gone)) {
      const late = setTimeout(() => connection.close(), READ_TIMEOUT_MS);
      try {
        await connection.write(line);
      } finally {
        clearTimeout(late);
      }
    }
  }
}

async function abortAtEnd(
  connection: LineConnection,
  gone: AbortController,
): Promise<void> {
  try {
    await connection.ended();
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    gone.abort();
  }
}

/** Sends a request to a running program that answers with one line. */
export async function askLine(request: LineRequest): Promise<LineReply> {
  for await (const reply of askLines(request)) return reply;
  throw new TypeError("Cannot be without a reply");
}

/**
 * Sends a request to a running program.
 *
 * @returns The lines of the answer. The last reply says that the connection
 *   ended before another line, or why there is no answer.
 */
export async function* askLines(
  { path, line, maxAnswerBytes, timeoutMs, signal }: LineRequest,
): AsyncGenerator<LineReply, void, undefined> {
  let isLate = false;
  let connection: LineConnection | undefined;
  const end = () => connection?.close();
  signal?.addEventListener("abort", end, { once: true });
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    const late = timeoutMs === Infinity ? undefined : setTimeout(() => {
      isLate = true;
      connection?.close();
    }, timeoutMs);
    try {
      return await work();
    } finally {
      clearTimeout(late);
    }
  };
  try {
    const opened = new LineConnection(
      await inTime(() => Deno.connect({ transport: "unix", path })),
    );
    connection = opened;
    if (signal?.aborted === true) opened.close();
    await inTime(() => opened.write(line));
    while (true) {
      const read = await inTime(() => opened.readLine(maxAnswerBytes));
      yield { kind: "answer", ...read };
      if (read.isCut) return;
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = isLate ? "late" : whyOf(error);
    yield { kind: "failure", why, reason: error.message, cause: error };
  } finally {
    signal?.removeEventListener("abort", end);
    connection?.close();
  }
}

/** A line that was read. */
interface ReadLine {
  /** With its line end, unless it is cut or too long. */
  readonly text: string;
  /** Whether the connection ended before the line did. */
  readonly isCut: boolean;
}

/** A connection that may be closed repeatedly. */
class LineConnection {
  readonly #connection: Deno.Conn;
  /** Bytes read after the last line. */
  #rest = new Uint8Array();
  #written: Uint8Array<ArrayBuffer> | undefined;
  #isClosed = false;

  /** @param connection Nothing else reads or writes it. */
  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  /**
   * Reads a line, or the first `maxBytes` of a longer one.
   *
   * @param maxBytes Longest complete line.
   */
  async readLine(maxBytes: number): Promise<ReadLine> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    while (length < maxBytes) {
      const bytes = this.#rest.length > 0 ? this.#rest : await this.#read();
      if (bytes === undefined) {
        return { text: await textOf(parts), isCut: true };
      }
      const end = bytes.indexOf(LINE_END);
      const count = Math.min(
        end < 0 ? bytes.length : end + 1,
        maxBytes - length,
      );
      parts.push(bytes.subarray(0, count));
      this.#rest = bytes.subarray(count);
      length += count;
      if (bytes[count - 1] === LINE_END) break;
    }
    return { text: await textOf(parts), isCut: false };
  }

  /** Resolves once the other side has closed, or has sent more data. */
  async ended(): Promise<void> {
    this.#rest = new Uint8Array();
    await this.#read();
  }

  /** Writes a text; waits while the other side does not read. */
  async write(text: string): Promise<void> {
    // Reuses one buffer for a whole answer.
    const bytes = this.#written ??= new Uint8Array(WRITE_BYTES);
    for (let at = 0; at < text.length;) {
      const { read, written } = ENCODER.encodeInto(
        at === 0 ? text : text.slice(at),
        bytes,
      );
      at += read;
      for (let done = 0; done < written;) {
        done += await this.#connection.write(bytes.subarray(done, written));
      }
    }
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(READ_BYTES);
    const count = await this.#connection.read(bytes);
    return count === null ? undefined : bytes.subarray(0, count);
  }
}

function textOf(parts: Uint8Array<ArrayBuffer>[]): Promise<string> {
  return new Blob(parts).text();
}

/** Whether an error means that the other side has disconnected. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

function whyOf(error: Error): "absent" | "denied" | "gone" | "other" {
  if (
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.ConnectionRefused
  ) return "absent";
  if (error instanceof Deno.errors.PermissionDenied) return "denied";
  return isGone(error) ? "gone" : "other";
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
