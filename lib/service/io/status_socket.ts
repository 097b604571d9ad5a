/**
 * Answers "how are you?" on a socket beside the pid file.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import {
  decodeStatus,
  encodeStatus,
  type StatusReport,
} from "../status_report.ts";

/** A program that does not answer for so long has no time for us. */
const ANSWER_TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 65_536;

/** Where a program with this pid file listens. */
export function statusSocketPath(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, "")}.sock`;
}

/**
 * Gives a report to everyone who connects. Only the program's own user can.
 *
 * @example
 * ```ts ignore
 * await using status = await StatusSocket.listen(path, () => report);
 * ```
 */
export class StatusSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #report: () => StatusReport;
  readonly #serving: Promise<void>;

  private constructor(listener: Deno.Listener, report: () => StatusReport) {
    this.#listener = listener;
    this.#report = report;
    this.#serving = this.#serve();
  }

  /**
   * Begins to answer. A socket that is there is replaced: hold the pid file.
   *
   * @param path Where; see {@link statusSocketPath}.
   * @param report Gives the report of the moment.
   * @throws {RuntimeError} when the socket can't be made.
   */
  static async listen(
    path: string,
    report: () => StatusReport,
  ): Promise<StatusSocket> {
    try {
      await removeIfThere(path);
      const listener = Deno.listen({ transport: "unix", path });
      await Deno.chmod(path, 0o600);
      return new StatusSocket(listener, report);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(`cannot listen on ${path}: ${error.message}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { addr } = this.#listener;
    this.#listener.close();
    await this.#serving;
    if (addr.transport === "unix") await removeIfThere(addr.path);
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      const answer = new TextEncoder().encode(encodeStatus(this.#report()));
      try {
        await connection.write(answer);
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      } finally {
        connection.close();
      }
    }
  }
}

/**
 * Asks a running program how it is.
 *
 * @param path Where it listens; see {@link statusSocketPath}.
 * @throws {RuntimeError} when it does not answer.
 */
export async function askStatus(path: string): Promise<StatusReport> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_TIMEOUT_MS);
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    late.signal.addEventListener("abort", () => connection.close());
    return decodeStatus(await readAnswer(connection));
  } catch (error) {
    if (error instanceof RuntimeError || !(error instanceof Error)) throw error;
    const reason = late.signal.aborted
      ? `nothing within ${ANSWER_TIMEOUT_MS / 1_000} s`
      : error.message;
    const hint = error instanceof Deno.errors.PermissionDenied
      ? "status must be asked by the program's own user"
      : "it may still be starting; its log says more";
    throw new RuntimeError(
      `it runs but does not answer on ${path}: ${reason}`,
      {
        hint,
        cause: error,
      },
    );
  } finally {
    clearTimeout(timer);
  }
}

async function readAnswer(connection: Deno.Conn): Promise<string> {
  const answer = new Uint8Array(MAX_ANSWER_BYTES);
  let length = 0;
  while (length < answer.length) {
    const count = await connection.read(answer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return new TextDecoder().decode(answer.subarray(0, length));
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
