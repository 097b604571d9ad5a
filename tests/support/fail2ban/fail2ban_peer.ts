/**
 * A listener in place of fail2ban whose answers a test defines.
 *
 * @module
 */

import { END_MARKER, unpickle } from "../../../lib/fail2ban/pickle.ts";
import { bytesOf } from "../values/pickle_samples.ts";

/** What the peer does after its answer. */
export type Afterwards = "keep" | "hang up";

/** Answers a command on its connection. */
export type Behaviour = (
  connection: Deno.Conn,
  words: readonly string[],
) => Promise<Afterwards>;

/** Accepts connections and answers commands. */
export class Fail2banPeer implements AsyncDisposable {
  /** The commands so far, words joined; `goodbye` for the closing word. */
  readonly heard: string[] = [];
  /** Number of connections. */
  connections = 0;
  readonly #listener: Deno.Listener;
  readonly #behaviour: Behaviour;
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #closed = new WeakSet<Deno.Conn>();
  readonly #serving: Promise<void>;

  /**
   * @param path The path to listen on.
   * @param behaviour Answers the commands.
   */
  constructor(path: string, behaviour: Behaviour) {
    this.#behaviour = behaviour;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#serving = this.#serve();
  }

  /** Closes every connection, like a server that ends. */
  async hangUp(): Promise<void> {
    for (const [connection, session] of [...this.#open]) {
      this.#close(connection);
      await session;
    }
  }

  /** Resolves once the other end has closed every connection. */
  async hungUp(): Promise<void> {
    await Promise.all(this.#open.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    await this.hangUp();
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      this.connections++;
      const session = this.#converse(connection).finally(() =>
        this.#open.delete(connection)
      );
      this.#open.set(connection, session);
    }
  }

  async #converse(connection: Deno.Conn): Promise<void> {
    try {
      while (true) {
        const words = await readCommand(connection);
        if (words === undefined) break;
        this.heard.push(words.join(" "));
        const goesOn = await this.#behaviour(connection, words) === "keep";
        if (!goesOn) break;
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    } finally {
      this.#close(connection);
    }
  }

  #close(connection: Deno.Conn): void {
    if (this.#closed.has(connection)) return;
    this.#closed.add(connection);
    connection.close();
  }
}

/** Sends a pickle that is written as text, one character per byte. */
export async function answer(
  connection: Deno.Conn,
  pickle: string,
): Promise<void> {
  await writeAll(connection, bytesOf(pickle + END_MARKER));
}

/** Writes all bytes. */
export async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

async function readCommand(
  connection: Deno.Conn,
): Promise<readonly string[] | undefined> {
  let text = "";
  const buffer = new Uint8Array(4_096);
  while (!text.endsWith(END_MARKER)) {
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    text += String.fromCharCode(...buffer.subarray(0, count));
  }
  const message = text.slice(0, -END_MARKER.length);
  if (message === "<F2B_CLOSE_COMMAND>") return ["goodbye"];
  return unpickle(bytesOf(message)) as string[];
}

function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset;
}
