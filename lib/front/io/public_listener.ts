/**
 * Listens where peers connect to, as ZeroMQ would.
 *
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_tcp.html | zmq_tcp(7)}
 * @module
 */

import { endpointHost, endpointPort } from "../../base/endpoint_url.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { PeerConnection, PeerListener } from "../ports.ts";
import { DenoConnection, DESCRIPTORS_HINT } from "./byte_connections.ts";

/**
 * Connections that the system holds until they are taken; Linux has no more
 * than this by default.
 */
const BACKLOG = 4_096;
const IPC = "ipc://";

/** A {@link PeerListener} of the operating system. */
export class PublicListener implements PeerListener {
  readonly #listener: Deno.Listener;
  readonly #path: string | undefined;
  #isClosed = false;

  /**
   * Begins to listen.
   *
   * @param url As {@link import("../../base/endpoint_url.ts").parseEndpointUrl} gave it, to bind.
   * @throws {RuntimeError} when the address can't be had.
   */
  constructor(url: string) {
    this.#path = url.startsWith(IPC) ? url.slice(IPC.length) : undefined;
    try {
      this.#listener = this.#path === undefined
        ? listenTcp(url)
        : listenUnix(this.#path);
    } catch (error) {
      throw refusal(url, error);
    }
  }

  async accept(): Promise<PeerConnection | undefined> {
    try {
      const connection = await this.#listener.accept();
      if ("setNoDelay" in connection) {
        (connection as Deno.TcpConn).setNoDelay(true);
      }
      return new DenoConnection(connection);
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!(error instanceof Error) || error instanceof TypeError) throw error;
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

function listenTcp(url: string): Deno.Listener {
  const host = endpointHost(url) ?? "";
  const port = endpointPort(url) ?? 0;
  const listen = (hostname: string) =>
    Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
  if (host !== "*") return listen(addressOf(host));
  try {
    // Takes connections by IPv4, too.
    return listen("::");
  } catch (error) {
    // A system without IPv6. Whatever else is wrong is wrong there as well.
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return listen("0.0.0.0");
  }
}

/** The first address of an interface; an address as it is. */
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
