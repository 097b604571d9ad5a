/**
 * fail2ban's own socket.
 *
 * The server has one thread and a backlog of two connections, so there is one
 * connection with one command in flight. Up to 0.9.2 the server closes the
 * connection after every answer; newer ones keep it open.
 *
 * @see fail2ban/server/asyncserver.py, client/csocket.py
 * @module
 */

import { EitherSignal } from "../../async/either_signal.ts";
import { RuntimeError } from "../../base/errors.ts";
import { readAnswer } from "../answer.ts";
import { pickleCommand } from "../commands.ts";
import { END_MARKER, MAX_ANSWER_BYTES } from "../pickle.ts";
import { RestartCounter } from "../restart_counter.ts";
import type { Fail2banClient, Fail2banReply } from "../ports.ts";
import { ExclusiveWait } from "../../async/exclusive_wait.ts";

/** Time limit of a query: fail2ban may be busy with other clients. */
const QUESTION_TIMEOUT_MS = 10_000;
/**
 * Time limit of a `set`, which runs the jail's actions for each address in
 * turn.
 */
const ACTION_TIMEOUT_MS = 60_000;
const FIRST_BUFFER_BYTES = 4_096;
/**
 * A buffer up to this size is reused: one for each answer would stay until a
 * full collection.
 */
const MAX_KEPT_BYTES = 1 << 20;

const ENCODER = new TextEncoder();
const END = ENCODER.encode(END_MARKER);
const CLOSE = ENCODER.encode(`<F2B_CLOSE_COMMAND>${END_MARKER}`);

/** Options for {@link Fail2banSocket}. */
export interface Fail2banSocketOptions {
  /** fail2ban's socket. */
  readonly path: string;
  /** Time limit of a query, in milliseconds. @default {10000} */
  readonly questionTimeoutMs?: number;
  /** Time limit of a `set`, in milliseconds. @default {60000} */
  readonly actionTimeoutMs?: number;
}

/**
 * Sends commands through fail2ban's socket; connects when it is first needed,
 * and again when the connection is lost.
 *
 * @example
 * ```ts ignore
 * await using fail2ban = new Fail2banSocket({ path: "/var/run/fail2ban/fail2ban.sock" });
 * const reply = await fail2ban.command(["status"], signal);
 * ```
 */
export class Fail2banSocket implements Fail2banClient {
  readonly #options: Required<Fail2banSocketOptions>;
  readonly #exclusive = new ExclusiveWait("command");
  readonly #servers = new RestartCounter();
  #connection: Deno.UnixConn | undefined;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);

  /** @param options See {@link Fail2banSocketOptions}. */
  constructor(options: Fail2banSocketOptions) {
    this.#options = {
      questionTimeoutMs: QUESTION_TIMEOUT_MS,
      actionTimeoutMs: ACTION_TIMEOUT_MS,
      ...options,
    };
  }

  get servers(): number {
    return this.#servers.count;
  }

  async command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply> {
    const pickle = pickleCommand(words);
    using _entered = this.#exclusive.enter();
    signal.throwIfAborted();
    const { questionTimeoutMs, actionTimeoutMs } = this.#options;
    const timeoutMs = words[0] === "set" ? actionTimeoutMs : questionTimeoutMs;
    const request = new Uint8Array(pickle.length + END.length);
    request.set(pickle);
    request.set(END, pickle.length);
    return await this.#inTime(
      timeoutMs,
      signal,
      async (ended) =>
        readAnswer(await this.#exchange(request, mayRepeat(words), ended)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = this.#connection;
    try {
      await connection?.write(CLOSE);
    } catch (error) {
      if (!isHangUp(error)) throw error;
    } finally {
      this.#hangUp();
    }
  }

  /** Enforces a time limit by closing the connection. */
  async #inTime<T>(
    timeoutMs: number,
    signal: AbortSignal,
    work: (ended: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    using either = new EitherSignal([signal, late.signal]);
    const { signal: ended } = either;
    const hangUp = () => this.#hangUp();
    ended.addEventListener("abort", hangUp, { once: true });
    try {
      return await work(ended);
    } catch (error) {
      this.#hangUp();
      signal.throwIfAborted();
      throw late.signal.aborted
        ? this.#error(`does not answer within ${timeoutMs / 1_000} s`, {
          hint: "an action of one of its jails may hang; its log says more",
        })
        : this.#explained(error);
    } finally {
      clearTimeout(timer);
      ended.removeEventListener("abort", hangUp);
    }
  }

  /**
   * Sends a command. The server may have closed an open connection, so a
   * repeatable command is sent again over a new one.
   */
  async #exchange(
    request: Uint8Array,
    mayRepeat: boolean,
    ended: AbortSignal,
  ): Promise<Uint8Array> {
    const kept = this.#connection;
    if (kept !== undefined) {
      try {
        return await this.#ask(kept, request);
      } catch (error) {
        if (ended.aborted || !isHangUp(error) || !mayRepeat) throw error;
        this.#hangUp();
      }
    }
    const { path } = this.#options;
    this.#servers.see(fileAt(path));
    this.#connection = await Deno.connect({ transport: "unix", path });
    ended.throwIfAborted();
    return await this.#ask(this.#connection, request);
  }

  /**
   * Sends a request and reads up to the end marker; valid until the next
   * request.
   */
  async #ask(
    connection: Deno.UnixConn,
    request: Uint8Array,
  ): Promise<Uint8Array> {
    for (let sent = 0; sent < request.length;) {
      sent += await connection.write(request.subarray(sent));
    }
    let buffer = this.#buffer;
    for (let length = 0; length <= MAX_ANSWER_BYTES;) {
      const count = await connection.read(buffer.subarray(length));
      if (count === null) throw hungUp(length);
      length += count;
      if (buffer.length <= MAX_KEPT_BYTES) this.#buffer = buffer;
      if (endsWithMarker(buffer, length)) {
        return buffer.subarray(0, length - END.length);
      }
      if (length === buffer.length) buffer = grown(buffer);
    }
    throw new RuntimeError("fail2ban's answer is too long");
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Adds a hint to an error. */
  #explained(error: unknown): unknown {
    const cause = error;
    if (error instanceof Deno.errors.NotFound) {
      return this.#error("is not there", {
        hint: "fail2ban does not run, or fail2bansocket names another socket",
        cause,
      });
    }
    if (error instanceof Deno.errors.ConnectionRefused) {
      const hint = "fail2ban was killed, or it is starting; start it again";
      return this.#error("has nobody listening", { hint, cause });
    }
    if (error instanceof Deno.errors.WouldBlock) {
      return this.#error("is busy with others", {
        hint: "fail2ban serves one at a time; it is asked again",
        cause,
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return this.#error("is closed to this user", {
        hint: "run as root, or as a user who may write to it",
        cause,
      });
    }
    if (isHangUp(error)) {
      return this.#error("hung up", {
        hint: "fail2ban may be stopping",
        cause,
      });
    }
    if (!isOfTheSystem(error)) return error;
    const hint = "fail2bansocket is the path of fail2ban's socket";
    return this.#error(`can't be used: ${error.message}`, { hint, cause });
  }

  #error(what: string, details: { hint: string; cause?: unknown }) {
    const { path } = this.#options;
    return new RuntimeError(`fail2ban's socket ${path} ${what}`, details);
  }
}

/**
 * Whether a command may be sent twice: a repeated unban of a prefix would lift
 * every ban within it.
 */
function mayRepeat([, , what, ...targets]: readonly string[]): boolean {
  return what !== "unbanip" || !targets.some((target) => target.includes("/"));
}

/** Identifies a file: a new file with the same name yields another text. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino, mtime } = Deno.statSync(path);
    return `${dev} ${ino} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

function hungUp(length: number): Error {
  return length === 0
    ? new Deno.errors.UnexpectedEof("hung up")
    : new RuntimeError("fail2ban hung up within its answer");
}

function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}

function endsWithMarker(buffer: Uint8Array, length: number): boolean {
  const start = length - END.length;
  return start >= 0 && END.every((byte, at) => buffer[start + at] === byte);
}

/** Whether the system reported the error; anything else is a bug. */
function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}

function isHangUp(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset;
}
