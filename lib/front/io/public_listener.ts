/**
 * Listens for peers as ZeroMQ would, and connects to its sockets.
 *
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_tcp.html | zmq_tcp(7)}
 * @module
 */

import { canonicalAddress } from "../../base/address.ts";
import { endpointHost, endpointPort } from "../../base/endpoint_url.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { ByteConnection, PeerConnection, PeerListener } from "../ports.ts";

/**
 * Connections that the system queues until they are accepted; Linux's default
 * maximum.
 */
const BACKLOG = 4_096;
const IPC = "ipc://";
/** Hint for errors that a lack of descriptors causes. */
const DESCRIPTORS_HINT =
  "raise the limit of open files (LimitNOFILE= of the unit, ulimit -n)";

/** The system's errors for a connection that its peer has already reset. */
const GONE = [
  Deno.errors.NotConnected,
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
];

/** A {@link PeerListener} of the operating system. */
export class PublicListener implements PeerListener {
  readonly #listener: Deno.Listener;
  readonly #path: string | undefined;
  #isClosed = false;

  /**
   * Begins to listen.
   *
   * @param url As {@link import("../../base/endpoint_url.ts").parseEndpointUrl}
   * returned it, to bind.
   * @param shown Names the address in errors. @default {the URL}
   * @throws {RuntimeError} when the address is not available.
   */
  constructor(url: string, shown: string = url) {
    this.#path = url.startsWith(IPC) ? url.slice(IPC.length) : undefined;
    try {
      this.#listener = this.#path === undefined
        ? listenTcp(url)
        : listenUnix(this.#path);
    } catch (error) {
      throw refusal(shown, error);
    }
  }

  async accept(): Promise<PeerConnection | "gone" | undefined> {
    try {
      return taken(await this.#listener.accept());
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!(error instanceof Error) || error instanceof TypeError) throw error;
      if (GONE.some((kind) => error instanceof kind)) return "gone";
      throw new RuntimeError(`cannot take a connection: ${error.message}`, {
        hint: DESCRIPTORS_HINT,
        cause: error,
      });
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    if (this.#path !== undefined) removeIfThere(this.#path);
  }
}

function taken(connection: Deno.Conn): PeerConnection {
  try {
    if ("setNoDelay" in connection) {
      (connection as Deno.TcpConn).setNoDelay(true);
    }
    return new DenoConnection(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function listenTcp(url: string): Deno.Listener {
  const host = endpointHost(url) ?? "";
  const port = endpointPort(url) ?? 0;
  const listen = (hostname: string) =>
    Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
  if (host !== "*") return listen(addressOf(host));
  try {
    // Accepts IPv4 connections, too.
    return listen("::");
  } catch (error) {
    // A system without IPv6. Any other error recurs with IPv4.
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return listen("0.0.0.0");
  }
}

/** The first address of an interface; an address unchanged. */
function addressOf(host: string): string {
  const own = Deno.networkInterfaces().filter(({ name }) => name === host);
  const { address } = own.find(({ family }) => family === "IPv4") ?? own[0] ??
    {};
  return address ?? host;
}

function listenUnix(path: string): Deno.Listener {
  removeIfThere(path);
  return Deno.listen({ transport: "unix", path });
}

function removeIfThere(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function refusal(url: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isTaken = error instanceof Deno.errors.AddrInUse;
  const reason = isTaken ? "Address already in use" : error.message;
  return new RuntimeError(`cannot listen on ${url}: ${reason}`, {
    hint: isTaken
      ? "another program, or another copy of this one, has that port"
      : "to listen, it must be an address of this host, and ports below 1024 need root",
    cause: error,
  });
}

/** A {@link PeerConnection} over a Deno connection. */
class DenoConnection implements PeerConnection {
  readonly address: string;
  readonly #connection: Deno.Conn;
  #isClosed = false;

  /** @param connection Used by nobody else. */
  constructor(connection: Deno.Conn) {
    this.#connection = connection;
    const { remoteAddr } = connection;
    this.address = "hostname" in remoteAddr
      ? canonicalAddress(remoteAddr.hostname) ?? remoteAddr.hostname
      : "local";
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      return await this.#connection.read(buffer) ?? 0;
    } catch (error) {
      return ifGone(error, 0);
    }
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      let written = 0;
      while (written < bytes.length) {
        written += await this.#connection.write(bytes.subarray(written));
      }
      return true;
    } catch (error) {
      return ifGone(error, false);
    }
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      ifGone(error, undefined);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }
}

/** Implements {@link import("../ports.ts").ConnectInner}. */
export async function connectInner(path: string): Promise<ByteConnection> {
  try {
    return new DenoConnection(
      await Deno.connect({ transport: "unix", path }),
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`cannot connect to ${path}: ${error.message}`, {
      hint: DESCRIPTORS_HINT,
      cause: error,
    });
  }
}

/** Any error of the system means that the connection is gone. */
function ifGone<T>(error: unknown, value: T): T {
  // The system's errors have classes of Deno's, or none; a TypeError is a bug
  // of ours.
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return value;
}
