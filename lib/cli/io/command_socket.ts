/**
 * Answers operators of this host on a socket beside the pid file: a line in, a
 * line out.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import {
  MAX_OPERATOR_ANSWER_BYTES,
  MAX_OPERATOR_REQUEST_BYTES,
  OPERATOR_ANSWER,
  OPERATOR_REQUEST,
  type OperatorAnswer,
  type OperatorRequest,
} from "../../wire/operator_messages.ts";
import type { Log } from "../../log/log.ts";

/** Who asks nothing for so long is not listened to any more. */
const REQUEST_TIMEOUT_MS = 2_000;
/** A withdrawal of many reports takes its time. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Operators that are served at a time. */
const MAX_CONNECTIONS = 16;
const LINE_END = 0x0a;
/** A system without room for a connection is asked again after so long. */
const ACCEPT_PAUSE_MS = 200;

/** Where a publisher with this pid file listens. */
export function commandSocketPath(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, "")}.command.sock`;
}

/** Gives answers. Only the program's own user and root can ask. */
export class CommandSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #answer: (request: OperatorRequest) => Promise<OperatorAnswer>;
  readonly #serving = new Map<Closing, Promise<void>>();
  readonly #log: Log;
  readonly #accepting: Promise<void>;
  #isClosed = false;

  private constructor(
    listener: Deno.Listener,
    answer: (request: OperatorRequest) => Promise<OperatorAnswer>,
    log: Log,
  ) {
    this.#log = log;
    this.#listener = listener;
    this.#answer = answer;
    this.#accepting = this.#accept();
  }

  /**
   * Begins to answer. A socket that is there is replaced: hold the pid file.
   *
   * @param path Where; see {@link commandSocketPath}.
   * @param answer Does what is asked. Must not reject.
   * @param log Where to tell.
   * @throws {RuntimeError} when the socket can't be made.
   */
  static async listen(
    path: string,
    answer: (request: OperatorRequest) => Promise<OperatorAnswer>,
    log: Log,
  ): Promise<CommandSocket> {
    try {
      await removeIfThere(path);
      const listener = Deno.listen({ transport: "unix", path });
      await Deno.chmod(path, 0o600);
      return new CommandSocket(listener, answer, log);
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
    for (const close of this.#serving.keys()) close.now();
    await Promise.all(this.#serving.values());
    if (addr.transport === "unix") await removeIfThere(addr.path);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      const connection = await this.#next();
      if (connection === undefined) continue;
      if (this.#serving.size >= MAX_CONNECTIONS) {
        connection.close();
        continue;
      }
      const close = new Closing(connection);
      const serving = this.#serve(close).finally(() =>
        this.#serving.delete(close)
      );
      this.#serving.set(close, serving);
    }
  }

  /** @returns `undefined` when there is none: this one is closed, or the system has no room now. */
  async #next(): Promise<Deno.Conn | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!(error instanceof Error)) throw error;
      this.#log.record("warning", "an operator can't be heard", {
        reason: error.message,
      });
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      return undefined;
    }
  }

  async #serve(close: Closing): Promise<void> {
    const { connection } = close;
    const late = setTimeout(() => close.now(), REQUEST_TIMEOUT_MS);
    try {
      const line = await readLine(connection, MAX_OPERATOR_REQUEST_BYTES);
      clearTimeout(late);
      await writeAll(connection, OPERATOR_ANSWER.encode(await this.#to(line)));
    } catch (error) {
      // Whoever asked has gone, or was too late.
      if (!isGone(error)) throw error;
    } finally {
      clearTimeout(late);
      close.now();
    }
  }

  async #to(line: string): Promise<OperatorAnswer> {
    let request: OperatorRequest;
    try {
      request = OPERATOR_REQUEST.decode(line);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return {
        kind: "failed",
        message: "the publisher does not understand what it is asked",
        hint: "it is of another version: restart it",
      };
    }
    return await this.#answer(request);
  }
}

/**
 * Asks a running publisher.
 *
 * @param path Where it listens; see {@link commandSocketPath}.
 * @param request What to ask.
 * @returns The answer; `undefined` when no publisher listens there.
 * @throws {RuntimeError} when it can't be asked, or does not answer.
 */
export async function askPublisher(
  path: string,
  request: OperatorRequest,
): Promise<OperatorAnswer | undefined> {
  let connection: Deno.Conn;
  try {
    connection = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused
    ) return undefined;
    throw cannotAsk(path, error);
  }
  const close = new Closing(connection);
  const late = setTimeout(() => close.now(), ANSWER_TIMEOUT_MS);
  try {
    await writeAll(connection, OPERATOR_REQUEST.encode(request));
    const line = await readLine(connection, MAX_OPERATOR_ANSWER_BYTES);
    return OPERATOR_ANSWER.decode(line);
  } catch (error) {
    throw cannotAsk(path, error);
  } finally {
    clearTimeout(late);
    close.now();
  }
}

/** A connection that is closed once, whoever is the first to want it. */
class Closing {
  readonly connection: Deno.Conn;
  #isClosed = false;

  constructor(connection: Deno.Conn) {
    this.connection = connection;
  }

  now(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.connection.close();
  }
}

function cannotAsk(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const reason = isGone(error) ? "it said nothing" : error.message;
  const hint = error instanceof Deno.errors.PermissionDenied
    ? "ask as root, or as the program's own user"
    : "its log says more; restart it if it is of another version";
  return new RuntimeError(
    `the publisher can't be asked on ${path}: ${reason}`,
    {
      hint,
      cause: error,
    },
  );
}

/** Reads to the end of the first line. */
async function readLine(
  connection: Deno.Conn,
  maxBytes: number,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < maxBytes) {
    const bytes = new Uint8Array(Math.min(65_536, maxBytes - length));
    const count = await connection.read(bytes);
    if (count === null) throw new Deno.errors.UnexpectedEof("no line");
    parts.push(bytes.subarray(0, count));
    length += count;
    if (bytes[count - 1] === LINE_END) break;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(whole);
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.UnexpectedEof ||
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
