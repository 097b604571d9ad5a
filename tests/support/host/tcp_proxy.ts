/**
 * A proxy that degrades connections: it splits data, delays it, or stalls.
 *
 * @module
 */

import type { SeededRandom } from "../values/seeded_random.ts";

/** The degradation. */
export interface ProxyManner {
  /** Maximum number of bytes passed on at once. @default {65536} */
  readonly sliceBytes?: number;
  /**
   * Pause before each piece, in milliseconds, which limits the throughput.
   * @default {0}
   */
  readonly pauseMs?: number;
  /** Maximum random delay, in milliseconds; the order is kept. @default {0} */
  readonly jitterMs?: number;
  /** Whether nothing passes while connections stay open. @default {false} */
  readonly isStalled?: boolean;
  /**
   * Replaces data; `outgoing` data comes from the client.
   * @default {the same data}
   */
  readonly tamper?: (bytes: Uint8Array, way: ProxyWay) => readonly Uint8Array[];
}

/** Direction of data, from the client's point of view. */
export type ProxyWay = "outgoing" | "incoming";

/** Interval between checks of a stalled proxy. */
const LOOK_MS = 10;
const READ_BYTES = 65_536;

/** Listens on its own port and passes data on to another. */
export class TcpProxy implements AsyncDisposable {
  /** May be changed at any time; applies to data read afterwards. */
  manner: ProxyManner = {};
  /** Number of pieces passed on. */
  pieces = 0;
  /** Number of bytes passed on. */
  bytes = 0;
  /** Numbers of accepted and of closed connections. */
  accepted = 0;
  closed = 0;
  /** Receives all data; set it before connections are made. */
  record: ((bytes: Uint8Array, way: ProxyWay) => void) | undefined;
  readonly #listener: Deno.TcpListener;
  readonly #target: Deno.ConnectOptions;
  readonly #random: SeededRandom;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  #isClosed = false;

  /**
   * @param target The target, such as `tcp://127.0.0.1:1234`.
   * @param random Gives the delays.
   */
  constructor(target: string, random: SeededRandom) {
    const { hostname, port } = new URL(target);
    this.#target = { hostname, port: Number(port) };
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#begin(this.#accept());
  }

  /** The URL to connect to. */
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

  /** Passes data on until either end closes, then closes both. */
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
        // Reads on meanwhile, so that delays do not limit the throughput.
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

/** Whether an error means that either side has closed. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}
