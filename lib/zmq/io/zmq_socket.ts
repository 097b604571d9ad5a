/**
 * ZeroMQ sockets, driven in the only way that works on Deno. No other module
 * knows of this.
 *
 * Two defects make the ordinary use of zeromq.js impossible there. The test of
 * this module shows both, so that this workaround can go once they are fixed:
 *
 * - Deno's `uv_poll` (libuv emulation for addons) fires once. zeromq.js arms it
 *   and waits; if that wake-up was spurious, which libzmq allows, a pending
 *   `receive()` hangs for ever.
 * - `receiveTimeout` or `sendTimeout` above 0 makes zeromq.js start a
 *   `uv_timer`, and the process crashes.
 *
 * So every socket has both timeouts at 0, which keeps the addon from waiting,
 * and readiness comes from libc's `poll` on the `ZMQ_FD` of all sockets in one
 * thread. That descriptor is edge-triggered: it signals commands to a socket,
 * not messages, and any call that checks the socket consumes the signal.
 * Therefore each check asks for both directions in one call and wakes the
 * waiters of both. A check runs before each wait, after each wake-up, and after
 * each send or receive while the other direction has a waiter. Without a waiter
 * no check is needed: a later waiter checks first.
 *
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_getsockopt.html | zmq_getsockopt, ZMQ_FD}
 * @module
 */

import process from "node:process";
import * as zmq from "zeromq";
import type {
  BoundSocket,
  DescriptorPoll,
  Frames,
  MessageSocket,
} from "../ports.ts";
import { hasCode, openRefusal, unlessAgain } from "../socket_errors.ts";
import {
  type ClientSetup,
  dealerOptions,
  publisherOptions,
  routerOptions,
  type ServerSetup,
  subscriberOptions,
  ZAP_URL,
} from "../socket_options.ts";
import { ExclusiveWait } from "../../async/exclusive_wait.ts";

const ZMQ_FD = 14;
const ZMQ_EVENTS = 15;
const ZMQ_POLLIN = 1;
const ZMQ_POLLOUT = 2;
/** Time to close a socket that has nothing to send. */
const CLOSING_MS = 100;
/** Longest time that a busy socket keeps timers and signals from running. */
const YIELD_AFTER_MS = 3;
/**
 * After this many messages in a row, the next one is received without a
 * readiness check: each check is a system call, and most receives are not.
 */
const SURE_AFTER = 4;
/** Longest ZAP message: libzmq's own requests are far shorter. */
const MAX_ZAP_BYTES = 1_024;

/** Members that zeromq.js declares on some sockets only, or as protected. */
interface NativeSocket {
  readonly closed: boolean;
  readonly linger: number;
  readonly lastEndpoint: string | null;
  zapDomain: string | null;
  bindSync(url: string): void;
  /** In zeromq.js 6.8.0 `unbindSync` binds again; libzmq treats both alike. */
  disconnect(url: string): void;
  getInt32Option(option: number): number;
  send(frames: readonly Uint8Array[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  close(): void;
}

/**
 * Opens sockets and waits for all of them together.
 *
 * @example
 * ```ts ignore
 * await using poll = new LibcPoll();
 * await using zeromq = new ZmqContext(poll);
 * const replies = zeromq.router("tcp://127.0.0.1:5678", { maxMessageBytes: 1024 });
 * const frames = await replies.receive(signal);
 * ```
 */
export class ZmqContext implements AsyncDisposable {
  readonly #context = new zmq.Context({ ioThreads: 1, blocky: false });
  readonly #poll: DescriptorPoll;
  readonly #sockets = new Set<ZmqSocket>();

  /**
   * @param poll Waits for the sockets' descriptors; it outlives the context.
   */
  constructor(poll: DescriptorPoll) {
    this.#poll = poll;
  }

  /**
   * A ROUTER bound to `url`; it drops messages for which a peer has no room.
   *
   * @throws {RuntimeError} when it can't bind to the address.
   */
  router(url: string, setup: ServerSetup): BoundSocket {
    const context = this.#context;
    const socket = new zmq.Router({ context, ...routerOptions(setup) });
    return this.#open(socket, "bindSync", url);
  }

  /**
   * The ROUTER that libzmq asks which peers to admit. It must exist before a
   * socket with security is bound, and there may be only one.
   */
  zap(): BoundSocket {
    return this.router(ZAP_URL, { maxMessageBytes: MAX_ZAP_BYTES });
  }

  /**
   * A PUB bound to `url`; it drops messages that a slow subscriber has no room
   * for.
   *
   * @throws {RuntimeError} when it can't bind to the address.
   */
  publisher(url: string, setup: ServerSetup): BoundSocket {
    const context = this.#context;
    const socket = new zmq.Publisher({ context, ...publisherOptions(setup) });
    return this.#open(socket, "bindSync", url);
  }

  /**
   * A DEALER connected to `url`; it queues nothing for an absent peer, and
   * discards unsent messages when the peer goes.
   */
  dealer(url: string, setup: ClientSetup): MessageSocket {
    const context = this.#context;
    const socket = new zmq.Dealer({ context, ...dealerOptions(setup) });
    return this.#open(socket, "connect", url);
  }

  /**
   * A SUB connected to `url` that receives each message beginning with
   * `prefix`.
   */
  subscriber(url: string, prefix: string, setup: ClientSetup): MessageSocket {
    const context = this.#context;
    const socket = new zmq.Subscriber({ context, ...subscriberOptions(setup) });
    socket.subscribe(prefix);
    return this.#open(socket, "connect", url);
  }

  /** Closes every socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#sockets].map((socket) => socket[Symbol.asyncDispose]()),
    );
  }

  #open(native: zmq.Socket, how: "bindSync" | "connect", url: string) {
    try {
      native[how](url);
    } catch (error) {
      native.close();
      throw openRefusal(how, url, error);
    }
    const sound = native as unknown as NativeSocket;
    return new ZmqSocket(sound, this.#poll, this.#sockets);
  }
}

class ZmqSocket implements BoundSocket {
  readonly descriptor: number;
  readonly endpoint: string;
  readonly #native: NativeSocket;
  readonly #poll: DescriptorPoll;
  readonly #opened: Set<ZmqSocket>;
  readonly #receiving = new ExclusiveWait("receive");
  readonly #sending = new ExclusiveWait("send");
  #busySinceMs = performance.now();
  #inARow = 0;
  #closing: Promise<void> | undefined;

  /** @param opened Holds the socket until it is closed. */
  constructor(
    native: NativeSocket,
    poll: DescriptorPoll,
    opened: Set<ZmqSocket>,
  ) {
    this.#native = native;
    this.#poll = poll;
    this.#opened = opened;
    this.descriptor = native.getInt32Option(ZMQ_FD);
    this.endpoint = native.lastEndpoint ?? "";
    poll.add(this);
    opened.add(this);
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    using _turn = this.#receiving.enter();
    while (true) {
      signal.throwIfAborted();
      this.#assertOpen();
      if (this.#inARow < SURE_AFTER && !this.#look().readable) {
        this.#inARow = 0;
        await this.#receiving.wait(signal);
        this.#busySinceMs = performance.now();
        continue;
      }
      if (performance.now() - this.#busySinceMs > YIELD_AFTER_MS) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        this.#busySinceMs = performance.now();
        continue;
      }
      const frames = await unlessAgain(this.#native.receive());
      if (this.#sending.isWaiting) this.#look();
      this.#inARow = frames === undefined ? 0 : this.#inARow + 1;
      if (frames !== undefined) return frames;
    }
  }

  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    using _turn = this.#sending.enter();
    while (true) {
      signal.throwIfAborted();
      this.#assertOpen();
      const attempt = this.#native.send(frames).then(() => true);
      const sent = await unlessAgain(attempt);
      if (sent !== true) {
        if (!this.#look().writable) await this.#sending.wait(signal);
        continue;
      }
      if (this.#receiving.isWaiting) this.#look();
      return;
    }
  }

  settle(): void {
    this.#look();
  }

  bindAlso(url: string, zapDomain: string): void {
    this.#assertOpen();
    try {
      withoutWarnings(() => this.#native.zapDomain = zapDomain);
      this.#native.bindSync(url);
    } catch (error) {
      throw openRefusal("bindSync", url, error);
    }
  }

  unbind(url: string): void {
    if (!this.#native.closed) this.#native.disconnect(url);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const { linger } = this.#native;
    // The descriptor must not be closed, and reused, while `poll` waits on it.
    await this.#poll.remove(this);
    this.#native.close();
    this.#receiving.wake();
    this.#sending.wake();
    // libzmq continues in its own thread: it sends lingering messages, releases
    // the port, and closes the descriptor last.
    await this.#poll.closed(this.descriptor, linger + CLOSING_MS);
    this.#opened.delete(this);
  }

  /**
   * Checks what the socket is ready for, and wakes the waiters. A closed socket
   * is ready for everything, so that nobody keeps waiting for it.
   */
  #look(): { readonly readable: boolean; readonly writable: boolean } {
    const events = this.#native.closed
      ? ZMQ_POLLIN | ZMQ_POLLOUT
      : this.#events();
    const readable = (events & ZMQ_POLLIN) !== 0;
    const writable = (events & ZMQ_POLLOUT) !== 0;
    if (readable) this.#receiving.wake();
    if (writable) this.#sending.wake();
    return { readable, writable };
  }

  /** libzmq reads its mailbox here, and a signal may interrupt it. */
  #events(): number {
    while (true) {
      try {
        return this.#native.getInt32Option(ZMQ_EVENTS);
      } catch (error) {
        if (!hasCode(error, "EINTR")) throw error;
      }
    }
  }

  #assertOpen(): void {
    if (this.#native.closed) throw new Error("Cannot use a closed socket");
  }
}

/**
 * Hides zeromq.js's warning that the option applies from the next bind on: that
 * is intended.
 */
function withoutWarnings(set: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    set();
  } finally {
    process.emitWarning = emitWarning;
  }
}
