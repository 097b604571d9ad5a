/**
 * A wire that can be made bad: what goes through it is cut into small pieces,
 * comes late, or not at all for a while.
 *
 * @module
 */

import type { SeededRandom } from "../values/seeded_random.ts";

/** How bytes go through. */
export interface ProxyManner {
  /** At most so many bytes at once. @default {65536} */
  readonly sliceBytes?: number;
  /** Before each piece, in milliseconds: less goes through in a second. @default {0} */
  readonly pauseMs?: number;
  /** What comes is up to so late, in milliseconds; order is kept. @default {0} */
  readonly jitterMs?: number;
  /** Nothing goes through, and connections stay. @default {false} */
  readonly isStalled?: boolean;
  /** What is passed on instead of what was read; `outgoing`: it comes from who connected. @default {the bytes} */
  readonly tamper?: (bytes: Uint8Array, way: ProxyWay) => readonly Uint8Array[];
}

/** Which way bytes go, seen from who connected. */
export type ProxyWay = "outgoing" | "incoming";

/** So often a stalled wire is looked at. */
const LOOK_MS = 10;
const READ_BYTES = 65_536;

/** Listens on a port of its own and passes on to another. */
export class TcpProxy implements AsyncDisposable {
  /** Set at any time; counts for what is read from then on. */
  manner: ProxyManner = {};
  /** Pieces passed on. */
  pieces = 0;
  /** Bytes passed on. */
  bytes = 0;
  /** Connections that were accepted, and how many of them are closed again. */
  accepted = 0;
  closed = 0;
  /** Keeps what is read; set before connections are made. */
  record: ((bytes: Uint8Array, way: ProxyWay) => void) | undefined;
  readonly #listener: Deno.TcpListener;
  readonly #target: Deno.ConnectOptions;
  readonly #random: SeededRandom;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  #isClosed = false;

  /**
   * @param target Where to, as `tcp://127.0.0.1:1234`.
   * @param random Says how late pieces are.
   */
  constructor(target: string, random: SeededRandom) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#begin(this.#accept());
  }

  /** Where to connect to. */
  get url(): string {
    return `tcp://127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#listener.close();
    for (const connection of [...this.#connections]) this.#close(connection);
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #begin(work: Promise<void>): void {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) this.#begin(this.#join(near));
  }

  async #join(near: Deno.TcpConn): Promise<void> {
    this.#connections.add(near);
    this.accepted++;
    const far = await connect(this.#target);
    if (far === undefined || this.#isClosed) {
      far?.close();
      this.#close(near);
      return;
    }
    this.#connections.add(far);
    near.setNoDelay();
    far.setNoDelay();
    await Promise.all([
      this.#pass(near, far, "outgoing"),
      this.#pass(far, near, "incoming"),
    ]);
    this.closed++;
  }

  /** Passes on until either end is gone; then both are. */
  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    way: ProxyWay,
  ): Promise<void> {
    let before = Promise.resolve();
    try {
      while (true) {
        const buffer = new Uint8Array(READ_BYTES);
        const count = await from.read(buffer);
        if (count === null) break;
        const { jitterMs = 0, tamper } = this.manner;
        const read = buffer.subarray(0, count);
        this.record?.(read, way);
        const pieces = tamper?.(read, way) ?? [read];
        const late = jitterMs > 0
          ? delay(this.#random.below(jitterMs))
          : before;
        // The next is read meanwhile: what is late does not make less go through.
        before = this.#after(before, late, pieces, to);
        if (jitterMs === 0) await before;
      }
      await before;
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      this.#close(from);
      this.#close(to);
    }
  }

  async #after(
    before: Promise<void>,
    late: Promise<void>,
    pieces: readonly Uint8Array[],
    to: Deno.TcpConn,
  ): Promise<void> {
    await late;
    await before;
    try {
      for (const bytes of pieces) await this.#passOn(bytes, to);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #passOn(bytes: Uint8Array, to: Deno.TcpConn): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      while (this.manner.isStalled === true && !this.#isClosed) {
        await delay(LOOK_MS);
      }
      const { sliceBytes = READ_BYTES, pauseMs = 0 } = this.manner;
      if (pauseMs > 0) await delay(pauseMs);
      const slice = rest.subarray(0, sliceBytes);
      const written = await to.write(slice);
      this.pieces++;
      this.bytes += written;
      rest = rest.subarray(written);
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#connections.delete(connection)) connection.close();
  }
}

async function connect(
  target: Deno.ConnectOptions,
): Promise<Deno.TcpConn | undefined> {
  try {
    return await Deno.connect(target);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The other side is gone, or this one was closed. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}
