/**
 * A peer's connection, and the inner connection that its bytes are handed on
 * to.
 *
 * libzmq 4.3.5 aborts the process when it writes to a connection that broke
 * while its input was held back (`!_io_error`, stream_engine_base.cpp). So the
 * inner connection never breaks: when the peer goes, this side stops writing,
 * and reads and drops answers until libzmq closes.
 *
 * @see {@link https://github.com/zeromq/libzmq/issues/4841 | libzmq#4841}
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { LoopTurn } from "../async/loop_turn.ts";
import { Condition } from "../async/tasks.ts";
import { ByteBudget, type ByteLimits } from "./byte_budget.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { Opening } from "./curve_opening.ts";
import type { ByteConnection, PeerConnection } from "./ports.ts";
import type { SharedRates } from "./shared_rates.ts";
import { sourceOf } from "./source.ts";

/** Options for {@link HandedConnection}. */
export interface HandedConnectionOptions {
  readonly peer: PeerConnection;
  readonly limits: ByteLimits;
  /** Shared by all connections of the port. */
  readonly rates: SharedRates;
  /** Rates of the bytes sent to peers, likewise; `undefined`: unlimited. */
  readonly toldRates: SharedRates | undefined;
  readonly clock: Clock;
  /** Shared by all connections of the process. */
  readonly turn: LoopTurn;
  /** Called when the peer sent too much; it is then cut. */
  readonly onTooMuch: () => void;
}

/** Waits need no signal: a cut notifies them. */
const NEVER = new AbortController().signal;
const NOTHING = new Uint8Array(0);
/** Buffer size during the handshake, which thousands may be in. */
const FIRST_BUFFER_BYTES = 1_024;
/** Buffer size after the handshake. */
const BUFFER_BYTES = 16_384;

/** Hands bytes on in both directions. */
export class HandedConnection {
  /** When it was made, by the monotonic clock. */
  readonly sinceMs: number;
  readonly address: string;
  readonly #options: HandedConnectionOptions;
  readonly #budget: ByteBudget;
  readonly #ended = new AbortController();
  readonly #written = new Condition();
  #node: HostName | undefined;
  /** What the peer sent before there was an inner connection. */
  #opened: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes of the inner connection that the peer already has. */
  #toldBefore = 0;
  #isOpening = false;
  #isPeerGone = false;
  /** Whether bytes wait to be sent to the peer. */
  #isTelling = false;
  #writingSinceMs: number | undefined;

  /** @param options See {@link HandedConnectionOptions}. */
  constructor(options: HandedConnectionOptions) {
    const { peer, limits, rates, clock } = options;
    this.#options = options;
    this.#budget = new ByteBudget(limits, rates, sourceOf(peer.address));
    this.sinceMs = clock.monotonicMs();
    this.address = peer.address;
  }

  /** The member; `undefined` until it is let in. */
  get node(): HostName | undefined {
    return this.#node;
  }

  /** Bytes that the peer sent before it was let in. */
  get handshakeBytes(): number {
    return this.#budget.handshakeBytes;
  }

  /** Whether the peer has not begun its handshake yet. */
  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** Whether the peer is gone or was cut; libzmq may not know yet. */
  get isCut(): boolean {
    return this.#isPeerGone;
  }

  /**
   * Since when the peer has read none of the bytes that wait for it;
   * `undefined`: none wait.
   */
  get writingSinceMs(): number | undefined {
    return this.#writingSinceMs;
  }

  /** Records that the peer has proved to be a member. */
  letIn(node: HostName): void {
    this.#node = node;
    this.#budget.letIn(canonicalHost(node));
  }

  /** Closes the peer's connection at once; the inner one is drained. */
  cut(): void {
    this.#isPeerGone = true;
    this.#ended.abort();
    this.#written.notify();
    this.#options.peer.close();
  }

  /**
   * Greets the peer, and waits until it has begun a handshake.
   *
   * @param opening How handshakes begin.
   * @returns Whether it has begun; otherwise it is gone or was cut.
   */
  async opens({ greeting, judge }: Opening): Promise<boolean> {
    const { peer, turn } = this.#options;
    const buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    this.#isOpening = true;
    if (greeting.length > 0 && !await peer.write(greeting)) this.cut();
    this.#toldBefore = greeting.length;
    for (let said = 0; !this.#isPeerGone;) {
      const verdict = judge(buffer.subarray(0, said));
      if (verdict === "begun") this.#opened = buffer.slice(0, said);
      if (verdict !== "more") break;
      if (turn.isLong) await turn.next();
      const count = await peer.read(buffer.subarray(said));
      if (count === 0 || !await this.#mayPass(count)) break;
      said += count;
    }
    this.#isOpening = false;
    if (this.#opened === undefined) this.cut();
    return !this.#isPeerGone;
  }

  /**
   * Hands bytes on until both ends are closed.
   *
   * @param inner The connection to ZeroMQ; closed at the end.
   */
  async run(inner: ByteConnection): Promise<void> {
    try {
      await Promise.all([this.#inward(inner), this.#outward(inner)]);
    } finally {
      inner.close();
    }
  }

  async #inward(inner: ByteConnection): Promise<void> {
    const { peer, turn } = this.#options;
    let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    const opened = this.#opened ?? NOTHING;
    if (opened.length > 0 && !await inner.write(opened)) this.cut();
    while (!this.#isPeerGone) {
      if (turn.isLong) await turn.next();
      const count = await peer.read(buffer);
      if (count === 0 || !await this.#mayPass(count)) break;
      if (!await this.#hasTaken()) break;
      if (!await inner.write(buffer.subarray(0, count))) break;
      buffer = roomier(buffer, count);
    }
    this.cut();
    await inner.closeWrite();
  }

  async #mayPass(count: number): Promise<boolean> {
    const { clock, onTooMuch } = this.#options;
    const verdict = this.#budget.take(count, clock.monotonicMs());
    switch (verdict.kind) {
      case "pass":
        return true;
      case "wait":
        return await this.#waited(verdict.waitMs);
      case "cut":
        onTooMuch();
        this.cut();
        return false;
    }
  }

  async #waited(waitMs: number): Promise<boolean> {
    const { signal } = this.#ended;
    try {
      await this.#options.clock.delay(waitMs, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    }
  }

  /**
   * Waits until the peer has read its bytes: the answers to further input would
   * pile up.
   */
  async #hasTaken(): Promise<boolean> {
    while (this.#isTelling && !this.#isPeerGone) {
      await this.#written.wait(NEVER);
    }
    return !this.#isPeerGone;
  }

  async #outward(inner: ByteConnection): Promise<void> {
    const { turn } = this.#options;
    let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    while (true) {
      if (turn.isLong) await turn.next();
      const count = await inner.read(buffer);
      if (count === 0) break;
      if (this.#isPeerGone) continue;
      const known = Math.min(count, this.#toldBefore);
      this.#toldBefore -= known;
      this.#isTelling = true;
      await this.#tell(buffer.subarray(known, count));
      this.#isTelling = false;
      this.#written.notify();
      buffer = roomier(buffer, count);
    }
    // libzmq has closed; its last bytes have been handed over.
    this.cut();
  }

  async #tell(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { peer, clock, toldRates } = this.#options;
    const who = this.#node === undefined
      ? sourceOf(this.address)
      : canonicalHost(this.#node);
    const waitMs = toldRates?.take(who, bytes.length, clock.monotonicMs()) ?? 0;
    if (waitMs > 0 && !await this.#waited(waitMs)) return;
    this.#writingSinceMs = clock.monotonicMs();
    if (!await peer.write(bytes)) this.cut();
    this.#writingSinceMs = undefined;
  }
}

/** The buffer, or a larger one if the read filled it. */
function roomier(buffer: Uint8Array<ArrayBuffer>, count: number) {
  return count < buffer.length || count === BUFFER_BYTES
    ? buffer
    : new Uint8Array(BUFFER_BYTES);
}
