/**
 * The private addresses of a ZeroMQ socket.
 *
 * libzmq tells its ZAP handler neither a connection's number nor, over a Unix
 * socket, anything else of its own; but it tells the domain, and each address
 * that a socket is bound to can have another one. So one connection at a time
 * shakes hands at an address, and the domain says which it is.
 *
 * @module
 */

import type { InnerEndpoint } from "./ports.ts";

/** Options for {@link InnerEndpoints}. */
export interface InnerEndpointsOptions {
  /** Binds the socket to one more address. @param number Counts them. */
  readonly open: (number: number) => InnerEndpoint;
  /** Addresses at most. */
  readonly max: number;
}

/** Hands out addresses; the one that was free longest first. */
export class InnerEndpoints {
  readonly #options: InnerEndpointsOptions;
  readonly #free: InnerEndpoint[] = [];
  #opened = 0;

  /** @param options See {@link InnerEndpointsOptions}. */
  constructor(options: InnerEndpointsOptions) {
    this.#options = options;
  }

  /** An address where nobody shakes hands; `undefined`: there is none. */
  take(): InnerEndpoint | undefined {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    if (this.#opened >= this.#options.max) return undefined;
    const endpoint = this.#options.open(this.#opened);
    // Only now: what could not be opened is tried again.
    this.#opened++;
    return endpoint;
  }

  /** Another may shake hands there. */
  giveBack(endpoint: InnerEndpoint): void {
    this.#free.push(endpoint);
  }
}
