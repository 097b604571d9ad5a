/**
 * The private addresses of a ZeroMQ socket.
 *
 * libzmq tells its ZAP handler neither a connection's number nor, over a Unix
 * socket, anything else that identifies it. But it tells the ZAP domain, and
 * each address of a socket can have its own. So at most one connection at a
 * time is in handshake at an address, and the domain identifies it.
 *
 * libzmq's question may still wait to be read after its connection is gone. So
 * an address with a question that may be outstanding is retired: its domain is
 * never used for another connection.
 *
 * @module
 */

import type { InnerEndpoint } from "./ports.ts";

/** Options for {@link InnerEndpoints}. */
export interface InnerEndpointsOptions {
  /** Binds the socket to another address. @param number Counts them. */
  readonly open: (number: number) => InnerEndpoint;
  /** Unbinds it from an address without connections. */
  readonly close: (endpoint: InnerEndpoint) => void;
  /** Maximum number of addresses, not counting retired ones. */
  readonly max: number;
}

/**
 * Hands out addresses; the one returned last comes first, so that few are
 * needed.
 */
export class InnerEndpoints {
  readonly #options: InnerEndpointsOptions;
  readonly #free: InnerEndpoint[] = [];
  readonly #retired = new Set<InnerEndpoint>();
  /** Number of connections at each address. */
  readonly #connected = new Map<InnerEndpoint, number>();
  #opened = 0;
  #retirements = 0;

  /** @param options See {@link InnerEndpointsOptions}. */
  constructor(options: InnerEndpointsOptions) {
    this.#options = options;
  }

  /**
   * An address without a handshake, for one connection, which has to
   * {@link InnerEndpoints.leave} it; `undefined`: there is none.
   */
  take(): InnerEndpoint | undefined {
    const endpoint = this.#free.pop() ?? this.#open();
    if (endpoint !== undefined) this.#count(endpoint, 1);
    return endpoint;
  }

  /** Frees an address for another handshake. */
  giveBack(endpoint: InnerEndpoint): void {
    this.#free.push(endpoint);
  }

  /**
   * Retires an address: libzmq may have asked about a connection that is gone.
   */
  retire(endpoint: InnerEndpoint): void {
    this.#retired.add(endpoint);
    this.#retirements++;
  }

  /** Records that libzmq has closed a connection at an address. */
  leave(endpoint: InnerEndpoint): void {
    if (this.#count(endpoint, -1) > 0) return;
    this.#connected.delete(endpoint);
    if (this.#retired.delete(endpoint)) this.#options.close(endpoint);
  }

  #open(): InnerEndpoint | undefined {
    const { max, open } = this.#options;
    if (this.#opened - this.#retirements >= max) return undefined;
    const endpoint = open(this.#opened);
    // Counted only now, so that a failed attempt is repeated.
    this.#opened++;
    return endpoint;
  }

  #count(endpoint: InnerEndpoint, more: 1 | -1): number {
    const count = (this.#connected.get(endpoint) ?? 0) + more;
    this.#connected.set(endpoint, count);
    return count;
  }
}
