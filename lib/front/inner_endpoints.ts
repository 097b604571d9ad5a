/**
 * The private addresses of a ZeroMQ socket.
 *
 * libzmq tells its ZAP handler neither a connection's number nor, over a Unix
 * socket, anything else of its own; but it tells the domain, and each address
 * that a socket is bound to can have another one. So one connection at a time
 * shakes hands at an address, and the domain says which it is.
 *
 * What libzmq asks may wait to be read when the connection is long gone. So an
 * address where a question may still be on its way is retired: its domain names
 * nobody else, ever.
 *
 * @module
 */

import type { InnerEndpoint } from "./ports.ts";

/** Options for {@link InnerEndpoints}. */
export interface InnerEndpointsOptions {
  /** Binds the socket to one more address. @param number Counts them. */
  readonly open: (number: number) => InnerEndpoint;
  /** Unbinds it from one where nobody is connected any more. */
  readonly close: (endpoint: InnerEndpoint) => void;
  /** Addresses at most, without those that are retired. */
  readonly max: number;
}

/** Hands out addresses; the one that was given back last first, so that few are needed. */
export class InnerEndpoints {
  readonly #options: InnerEndpointsOptions;
  readonly #free: InnerEndpoint[] = [];
  readonly #retired = new Set<InnerEndpoint>();
  /** How many are connected at each. */
  readonly #connected = new Map<InnerEndpoint, number>();
  #opened = 0;
  #retirements = 0;

  /** @param options See {@link InnerEndpointsOptions}. */
  constructor(options: InnerEndpointsOptions) {
    this.#options = options;
  }

  /**
   * An address where nobody shakes hands, for one connection, which has to
   * {@link InnerEndpoints.leave}; `undefined`: there is none.
   */
  take(): InnerEndpoint | undefined {
    const endpoint = this.#free.pop() ?? this.#open();
    if (endpoint !== undefined) this.#count(endpoint, 1);
    return endpoint;
  }

  /** Another may shake hands there. */
  giveBack(endpoint: InnerEndpoint): void {
    this.#free.push(endpoint);
  }

  /** Nobody else may shake hands there, as libzmq may have asked about one who is gone. */
  retire(endpoint: InnerEndpoint): void {
    this.#retired.add(endpoint);
    this.#retirements++;
  }

  /** libzmq has closed a connection there. */
  leave(endpoint: InnerEndpoint): void {
    if (this.#count(endpoint, -1) > 0) return;
    this.#connected.delete(endpoint);
    if (this.#retired.delete(endpoint)) this.#options.close(endpoint);
  }

  #open(): InnerEndpoint | undefined {
    const { max, open } = this.#options;
    if (this.#opened - this.#retirements >= max) return undefined;
    const endpoint = open(this.#opened);
    // Only now: what could not be opened is tried again.
    this.#opened++;
    return endpoint;
  }

  #count(endpoint: InnerEndpoint, more: 1 | -1): number {
    const count = (this.#connected.get(endpoint) ?? 0) + more;
    this.#connected.set(endpoint, count);
    return count;
  }
}
