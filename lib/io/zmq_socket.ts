/**
 * ZeroMQ sockets, driven the one way that is sound on Deno. Nothing else in
 * the project knows about it.
 *
 * Two defects make the ordinary way of zeromq.js unusable there; the test of
 * this module shows both, so that this work-around can go once they are mended:
 *
 * - Deno's `uv_poll` (libuv emulation for addons) fires once. zeromq.js arms
 *   it and waits; when that one wake-up was spurious, which libzmq allows, a
 *   pending `receive()` hangs for ever.
 * - `receiveTimeout` or `sendTimeout` above 0 makes zeromq.js start a
 *   `uv_timer`, and the process crashes.
 *
 * So every socket has both timeouts at 0, which keeps the addon from waiting,
 * and readiness comes from libc's `poll` on all sockets' `ZMQ_FD` in one
 * thread. That descriptor is edge-triggered: it tells of commands to a socket,
 * not of messages, and reading `readable` or sending consumes it. Hence
 * readiness is asked before each wait, after each wake-up, and after each send.
 *
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_getsockopt.html | zmq_getsockopt, ZMQ_FD}
 * @module
 */

import * as zmq from "zeromq";
import { RuntimeError } from "../errors.ts";
import type { DescriptorPoll, Frames, MessageSocket } from "../ports.ts";
import { Turn } from "../turn.ts";

const ZMQ_FD = 14;
/** A busy socket lets timers and signals run at least this often. */
const YIELD_AFTER_MS = 8;

/** Bounds of a socket; set before it is bound or connected, as libzmq asks. */
export interface SocketLimits {
  /** A peer that announces a longer frame is disconnected. */
  readonly maxMessageBytes: number;
  /** Messages queued for each peer. @default {1000} */
  readonly sendQueueMessages?: number;
  /** Messages queued from each peer. @default {1000} */
  readonly receiveQueueMessages?: number;
  /** How long a closed socket goes on sending, in milliseconds. @default {0} */
  readonly lingerMs?: number;
}

/** Options of the sockets that send. */
function sending({ sendQueueMessages = 1_000 }: SocketLimits) {
  return { sendTimeout: 0, sendHighWaterMark: sendQueueMessages };
}

/** Options of the sockets that receive; the others refuse them. */
function receiving({ receiveQueueMessages = 1_000 }: SocketLimits) {
  return { receiveTimeout: 0, receiveHighWaterMark: receiveQueueMessages };
}

/** A socket and, once bound, where. */
export interface BoundSocket extends MessageSocket {
  /** The endpoint with the port that was taken for `*`. */
  readonly endpoint: string;
}

type NativeSocket = zmq.Socket & {
  readonly readable: boolean;
  readonly writable: boolean;
  send(frames: readonly Uint8Array[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
};

/**
 * Opens sockets and waits for all of them at once.
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

  /** @param poll What waits for the sockets' descriptors; it outlives the context. */
  constructor(poll: DescriptorPoll) {
    this.#poll = poll;
  }

  /** A ROUTER bound to `url`. @throws {RuntimeError} when the address can't be had. */
  router(url: string, limits: SocketLimits): BoundSocket {
    return this.#bind(
      new zmq.Router({
        ...this.#options(limits),
        ...sending(limits),
        ...receiving(limits),
      }),
      url,
    );
  }

  /** A PUB bound to `url`; it drops what a slow subscriber has no room for. */
  publisher(url: string, limits: SocketLimits): BoundSocket {
    return this.#bind(
      new zmq.Publisher({
        ...this.#options(limits),
        ...sending(limits),
      }),
      url,
    );
  }

  /** A DEALER connected to `url`; it queues nothing for a peer that isn't there. */
  dealer(url: string, limits: SocketLimits): MessageSocket {
    const native = new zmq.Dealer({
      ...this.#options(limits),
      ...sending(limits),
      ...receiving(limits),
      immediate: true,
    });
    return this.#connect(native, url);
  }

  /** A SUB connected to `url` that takes every message beginning with `prefix`. */
  subscriber(
    url: string,
    prefix: string,
    limits: SocketLimits,
  ): MessageSocket {
    const socket = new zmq.Subscriber({
      ...this.#options(limits),
      ...receiving(limits),
    });
    socket.subscribe(prefix);
    return this.#connect(socket, url);
  }

  /** Closes every socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.#sockets]) {
      await socket[Symbol.asyncDispose]();
    }
  }

  #options(limits: SocketLimits) {
    return {
      context: this.#context,
      maxMessageSize: limits.maxMessageBytes,
      linger: limits.lingerMs ?? 0,
      ipv6: true,
      heartbeatInterval: 5_000,
      heartbeatTimeout: 10_000,
      heartbeatTimeToLive: 15_000,
      handshakeInterval: 10_000,
      reconnectInterval: 100,
      reconnectMaxInterval: 2_000,
    };
  }

  #bind(native: zmq.Socket, url: string): BoundSocket {
    try {
      native.bindSync(url);
    } catch (error) {
      native.close();
      throw new RuntimeError(`cannot listen on ${url}: ${reason(error)}`, {
        hint: isInUse(error)
          ? "another program, or another copy of this one, has that port"
          : "the address must be one of this host, and ports below 1024 need root",
        cause: error,
      });
    }
    return this.#register(native);
  }

  #connect(native: zmq.Socket, url: string): MessageSocket {
    try {
      native.connect(url);
    } catch (error) {
      native.close();
      throw new RuntimeError(`cannot connect to ${url}: ${reason(error)}`, {
        cause: error,
      });
    }
    return this.#register(native);
  }

  #register(native: zmq.Socket): ZmqSocket {
    const socket: ZmqSocket = new ZmqSocket(
      native as NativeSocket,
      this.#poll,
      () => this.#sockets.delete(socket),
    );
    this.#sockets.add(socket);
    return socket;
  }
}

class ZmqSocket implements BoundSocket {
  readonly descriptor: number;
  readonly endpoint: string;
  readonly #native: NativeSocket;
  readonly #poll: DescriptorPoll;
  readonly #onClose: () => void;
  readonly #receiving = new Turn("receive");
  readonly #sending = new Turn("send");
  #busySinceMs = performance.now();

  constructor(native: NativeSocket, poll: DescriptorPoll, onClose: () => void) {
    this.#native = native;
    this.#poll = poll;
    this.#onClose = onClose;
    this.descriptor = descriptorOf(native);
    this.endpoint = native.lastEndpoint ?? "";
    poll.add(this);
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    using _turn = this.#receiving.take();
    while (true) {
      signal.throwIfAborted();
      this.#assertOpen();
      if (!this.#native.readable) {
        await this.#receiving.wait(signal);
        this.#busySinceMs = performance.now();
        continue;
      }
      await this.#yieldIfBusy();
      const frames = await unlessAgain(this.#native.receive());
      if (frames !== undefined) return frames;
    }
  }

  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    using _turn = this.#sending.take();
    while (true) {
      signal.throwIfAborted();
      this.#assertOpen();
      const sent = await unlessAgain(
        this.#native.send(frames).then(() => true),
      );
      // Sending takes the wake-up that a waiting receive may need.
      this.settle();
      if (sent === true) return;
      if (!this.#native.writable) await this.#sending.wait(signal);
    }
  }

  /** Wakes whoever waits for what the socket has become ready for. */
  settle(): void {
    if (this.#native.closed) return;
    if (this.#native.readable) this.#receiving.wake();
    if (this.#native.writable) this.#sending.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#native.closed) return;
    this.#onClose();
    // The descriptor must not be closed, and reused, while it is polled.
    await this.#poll.remove(this);
    this.#native.close();
    this.#receiving.wake();
    this.#sending.wake();
  }

  #assertOpen(): void {
    if (this.#native.closed) throw new Error("Cannot use a closed socket");
  }

  async #yieldIfBusy(): Promise<void> {
    if (performance.now() - this.#busySinceMs < YIELD_AFTER_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#busySinceMs = performance.now();
  }
}

function descriptorOf(native: zmq.Socket): number {
  // Protected in the types only; the options' numbers are libzmq's own.
  const socket = native as unknown as {
    getInt32Option(option: number): number;
  };
  return socket.getInt32Option(ZMQ_FD);
}

async function unlessAgain<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
      return undefined;
    }
    throw error;
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    error.code === "EADDRINUSE";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
