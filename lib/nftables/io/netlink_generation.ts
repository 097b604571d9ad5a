/**
 * Asks the kernel for the generation of its firewall. `nft` has no command for
 * it, and takes a minute to list a table of 1,000,000 addresses.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/netlink.7.html | netlink(7)}
 * @module
 */

import { libcName } from "../../log/libc_name.ts";
import type { FirewallGeneration } from "../nft_generation.ts";

const AF_NETLINK = 16;
/** `SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK`. */
const SOCKET_TYPE = 3 | 0o2000000 | 0o4000;
const NETLINK_NETFILTER = 12;
/** `struct nlmsghdr` and `struct nfgenmsg`. */
const HEADER_BYTES = 20;
/** `NFNL_SUBSYS_NFTABLES << 8` with `NFT_MSG_NEWGEN` and `NFT_MSG_GETGEN`. */
const NEW_GENERATION = 10 << 8 | 15;
const GET_GENERATION = 10 << 8 | 16;
const NLM_F_REQUEST = 1;
/** The attribute with the generation. */
const NFTA_GEN_ID = 1;
const ATTRIBUTE_BYTES = 4;
const ANSWER_BYTES = 4_096;

/**
 * The {@link FirewallGeneration} of this process's network namespace. On other
 * systems than Linux, and without privilege, it reads nothing.
 *
 * @example
 * ```ts ignore
 * using generation = new NetlinkGeneration();
 * generation.read(); // 1234
 * ```
 */
export class NetlinkGeneration implements FirewallGeneration, Disposable {
  readonly #libc = Deno.build.os === "linux" ? openLibc() : undefined;

  read(): number | undefined {
    const libc = this.#libc?.symbols;
    if (libc === undefined) return undefined;
    // A new socket for each question cannot hold the answer to an older one.
    const socket = libc.socket(AF_NETLINK, SOCKET_TYPE, NETLINK_NETFILTER);
    if (socket < 0) return undefined;
    try {
      const request = question();
      const length = BigInt(request.byteLength);
      if (libc.send(socket, request, length, 0) !== length) return undefined;
      // The kernel answers before the call returns.
      const answer = new Uint8Array(ANSWER_BYTES);
      const got = libc.recv(socket, answer, BigInt(ANSWER_BYTES), 0);
      return readGeneration(answer.subarray(0, Math.max(0, Number(got))));
    } finally {
      libc.close(socket);
    }
  }

  [Symbol.dispose](): void {
    this.#libc?.close();
  }
}

function openLibc() {
  return Deno.dlopen(libcName("linux"), {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

/** Headers are in native byte order: little-endian wherever Deno runs. */
function question(): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER_BYTES);
  const view = new DataView(message.buffer);
  view.setUint32(0, HEADER_BYTES, true);
  view.setUint16(4, GET_GENERATION, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  return message;
}

/** @returns `undefined` for any other message, usually an error. */
function readGeneration(answer: Uint8Array): number | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  if (answer.length < HEADER_BYTES) return undefined;
  const end = Math.min(view.getUint32(0, true), answer.length);
  if (view.getUint16(4, true) !== NEW_GENERATION) return undefined;
  for (let at = HEADER_BYTES; at + ATTRIBUTE_BYTES + 4 <= end;) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true);
    // Values are in network byte order; attributes are aligned to 4 bytes.
    if (type === NFTA_GEN_ID) return view.getUint32(at + ATTRIBUTE_BYTES);
    at += Math.max(ATTRIBUTE_BYTES, length + 3 & ~3);
  }
  return undefined;
}
