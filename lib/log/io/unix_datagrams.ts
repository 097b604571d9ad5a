/**
 * Sends datagrams to Unix sockets, such as those of a syslog daemon or a
 * service manager.
 *
 * Deno's own `DatagramConn.send` can't handle a receiver that hangs: on Linux a
 * full queue looks to Deno like a socket that is ready to send, so it retries
 * at once, uses a whole core, and continues even after the socket is closed.
 * Here `poll` waits for the receiver. (macOS has no such wait: there a full
 * queue is a failure.)
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";
import { libcName } from "../libc_name.ts";
import type { DatagramSender } from "../datagram_sender.ts";

const IS_DARWIN = Deno.build.os === "darwin";
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** Linux: child processes don't inherit the descriptor. */
const SOCK_CLOEXEC = IS_DARWIN ? 0 : 0o2000000;
const MSG_DONTWAIT = IS_DARWIN ? 0x80 : 0x40;
const EAGAIN = IS_DARWIN ? 35 : 11;
const POLLOUT = 4;
/** Size of `sun_path`, including the terminating zero. */
const PATH_BYTES = IS_DARWIN ? 104 : 108;
/** Longest call to `poll`, and so the longest wait of disposal. */
const POLL_TIMEOUT_MS = 100;

/**
 * Sends datagrams from a socket without a name.
 *
 * @example
 * ```ts ignore
 * await using datagrams = new UnixDatagrams();
 * await datagrams.send(new TextEncoder().encode("<38>hello"), "/dev/log");
 * ```
 */
export class UnixDatagrams implements DatagramSender {
  readonly #libc = openLibc();
  readonly #socket: number;
  /** Held here, because a running call doesn't keep its buffers alive. */
  readonly #pollSet: Uint8Array<ArrayBuffer>;
  #isDisposed = false;
  #sending: Promise<void> | undefined;

  /** @throws {RuntimeError} when no descriptor is available. */
  constructor() {
    const { socket } = this.#libc.symbols;
    this.#socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#socket < 0) {
      const { reason } = this.#lastError();
      this.#libc.close();
      throw new RuntimeError(`cannot make a socket: ${reason}`);
    }
    this.#pollSet = pollSet(this.#socket);
  }

  async send(
    bytes: Uint8Array<ArrayBuffer>,
    path: string,
  ): Promise<void> {
    if (this.#isDisposed) throw new Error("Cannot send once disposed of");
    if (this.#sending !== undefined) throw new Error("Cannot send two at once");
    this.#sending = this.#send(bytes, socketAddress(path));
    try {
      await this.#sending;
    } finally {
      this.#sending = undefined;
    }
  }

  /** Closes the socket; a datagram that waits for room is not sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    // The sender gets the error.
    await this.#sending?.catch(() => {});
    this.#libc.symbols.close(this.#socket);
    this.#libc.close();
  }

  async #send(
    bytes: Uint8Array<ArrayBuffer>,
    address: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    while (!this.#sendNow(bytes, address)) {
      if (this.#isDisposed) {
        throw new RuntimeError("the receiver takes nothing");
      }
      await this.#waitForRoom(address);
    }
  }

  /** @returns Whether the receiver had room. */
  #sendNow(
    bytes: Uint8Array<ArrayBuffer>,
    address: Uint8Array<ArrayBuffer>,
  ): boolean {
    const sent = this.#libc.symbols.sendto(
      this.#socket,
      bytes,
      BigInt(bytes.length),
      MSG_DONTWAIT,
      address,
      address.length,
    );
    if (sent >= 0) return true;
    const { code, reason } = this.#lastError();
    if (code === EAGAIN) return false;
    throw new RuntimeError(reason);
  }

  /** `poll` checks the queue of the socket that this one is connected to. */
  async #waitForRoom(address: Uint8Array<ArrayBuffer>): Promise<void> {
    const { connect, poll } = this.#libc.symbols;
    if (connect(this.#socket, address, address.length) !== 0) {
      throw new RuntimeError(this.#lastError().reason);
    }
    await poll(this.#pollSet, 1n, POLL_TIMEOUT_MS);
  }

  #lastError(): { readonly code: number; readonly reason: string } {
    const { errno, strerror } = this.#libc.symbols;
    const pointer = errno();
    if (pointer === null) throw new Error("libc has no errno");
    const code = new Deno.UnsafePointerView(pointer).getInt32();
    const text = strerror(code);
    const reason = text === null
      ? `error ${code}`
      : Deno.UnsafePointerView.getCString(text);
    return { code, reason };
  }
}

function openLibc() {
  return Deno.dlopen(libcName(Deno.build.os), {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    sendto: {
      parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
      result: "isize",
    },
    poll: {
      parameters: ["buffer", "usize", "i32"],
      result: "i32",
      nonblocking: true,
    },
    close: { parameters: ["i32"], result: "i32" },
    errno: {
      name: IS_DARWIN ? "__error" : "__errno_location",
      parameters: [],
      result: "pointer",
    },
    strerror: { parameters: ["i32"], result: "pointer" },
  });
}

/** `struct sockaddr_un`; macOS has its length in front. */
function socketAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_BYTES) {
    throw new RuntimeError("the socket's path is too long");
  }
  const address = new Uint8Array(2 + name.length + 1);
  const view = new DataView(address.buffer);
  if (IS_DARWIN) view.setUint16(0, address.length << 8 | AF_UNIX);
  else view.setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/** One `struct pollfd`. */
function pollSet(descriptor: number): Uint8Array<ArrayBuffer> {
  const set = new Uint8Array(8);
  const view = new DataView(set.buffer);
  view.setInt32(0, descriptor, true);
  view.setInt16(4, POLLOUT, true);
  return set;
}
