/**
 * Receives the kernel's notifications of changes of its firewall.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/netlink.7.html | netlink(7)}
 * @module
 */

import { libcName } from "../../log/libc_name.ts";
import type { FirewallEvents } from "../nft_events.ts";

const AF_NETLINK = 16;
/** `SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK`. */
const SOCKET_TYPE = 3 | 0o2000000 | 0o4000;
const NETLINK_NETFILTER = 12;
/** `struct sockaddr_nl`. */
const ADDRESS_BYTES = 12;
const GROUPS_AT = 8;
/** `NFNLGRP_NFTABLES`, the seventh group. */
const NFTABLES_GROUP = 1 << 6;
/** The largest message that the kernel sends. */
const MESSAGES_BYTES = 65_536;
/**
 * The receive buffer, in the kernel's memory. When somebody flushes one part of
 * a table of 1,000,000, the notifications take 2 MB. Without the privilege to
 * ask for more, the buffer has 208 KiB.
 */
const KEPT_BYTES = 8 << 20;
const [SOL_SOCKET, SO_RCVBUFFORCE] = [1, 33];
/** Maximum number of reads in one call. */
const MAX_READS = 10_000;
const EAGAIN = 11;

/**
 * The {@link FirewallEvents} of this process's network namespace. On other
 * systems than Linux, and without privilege, it receives nothing.
 *
 * @example
 * ```ts ignore
 * using events = new NetlinkEvents();
 * events.open();
 * events.drain((messages) => changes.take(messages)); // true
 * ```
 */
export class NetlinkEvents implements FirewallEvents, Disposable {
  readonly #libc = Deno.build.os === "linux" ? openLibc() : undefined;
  readonly #messages = new Uint8Array(MESSAGES_BYTES);
  #socket = -1;

  open(): void {
    const libc = this.#libc?.symbols;
    if (libc === undefined || this.#socket >= 0) return;
    const socket = libc.socket(AF_NETLINK, SOCKET_TYPE, NETLINK_NETFILTER);
    if (socket < 0) return;
    const kept = new Uint8Array(new Int32Array([KEPT_BYTES]).buffer);
    libc.setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, kept, kept.length);
    const address = new Uint8Array(ADDRESS_BYTES);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(GROUPS_AT, NFTABLES_GROUP, true);
    if (libc.bind(socket, address, ADDRESS_BYTES) === 0) this.#socket = socket;
    else libc.close(socket);
  }

  close(): void {
    if (this.#socket >= 0) this.#libc?.symbols.close(this.#socket);
    this.#socket = -1;
  }

  drain(take: (messages: Uint8Array) => void): boolean {
    const libc = this.#libc?.symbols;
    if (libc === undefined || this.#socket < 0) return false;
    const messages = this.#messages;
    const size = BigInt(messages.length);
    for (let read = 0; read < MAX_READS; read++) {
      const got = Number(libc.recv(this.#socket, messages, size, 0));
      if (got > 0) take(messages.subarray(0, got));
      // Any other error means that the kernel dropped messages.
      else return got < 0 && errnoOf(libc) === EAGAIN;
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.close();
    this.#libc?.close();
  }
}

type Libc = ReturnType<typeof openLibc>["symbols"];

function openLibc() {
  return Deno.dlopen(libcName("linux"), {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    setsockopt: {
      parameters: ["i32", "i32", "i32", "buffer", "u32"],
      result: "i32",
    },
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
    __errno_location: { parameters: [], result: "pointer" },
  });
}

function errnoOf(libc: Libc): number {
  const at = libc.__errno_location();
  return at === null ? 0 : new Deno.UnsafePointerView(at).getInt32();
}
