/**
 * The connections of a port, and whether another one is accepted.
 *
 * @module
 */

import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { HandedConnection } from "./handed_connection.ts";
import { sourceOf } from "./source.ts";

/** Limits of a port's connections. */
export interface ConnectionLimits {
  /** Maximum total; above it a newcomer is turned away. */
  readonly maxOpen: number;
  /** Maximum from an address, or a /64 of IPv6, likewise. */
  readonly maxOfAddress: number;
  /**
   * Maximum in handshake. Above it the oldest one is cut for a newcomer, if it
   * has had `graceMs`; otherwise the newcomer is turned away.
   */
  readonly maxShaking: number;
  /** Maximum in handshake from an address, likewise. */
  readonly maxShakingOfAddress: number;
  /**
   * How long a handshake may take while others want its place, in milliseconds.
   */
  readonly graceMs: number;
  /**
   * Maximum of a member; above it the member's oldest one is cut. A cut
   * connection counts until it is closed at both ends; while one does, the
   * newcomer is cut instead.
   */
  readonly maxOfNode: number;
}

/** Whether a connection is accepted. */
export type Entry =
  | { readonly kind: "enter" }
  | { readonly kind: "replace"; readonly oldest: HandedConnection }
  | { readonly kind: "turn away"; readonly why: string };

/** Tracks the connections of a port. */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  /** With the source of each connection. */
  readonly #open = new Map<HandedConnection, string>();
  /** Connections in handshake, the oldest first. */
  readonly #shaking = new Set<HandedConnection>();
  readonly #shakingOf = new Groups();
  /**
   * Connections that were cut for others and are not yet closed at both ends.
   */
  readonly #replacedOf = new Groups();
  readonly #ofSource = new Groups();
  readonly #ofNode = new Groups();

  /** @param limits The limits of the port. */
  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Number of connections; some may be about to end. */
  get size(): number {
    return this.#open.size;
  }

  /** Number of connections in handshake. */
  get shaking(): number {
    return this.#shaking.size;
  }

  /** All connections. */
  [Symbol.iterator](): IterableIterator<HandedConnection> {
    return this.#open.keys();
  }

  /** The connections in handshake since `sinceMs` or longer. */
  *shakingSince(sinceMs: number): Generator<HandedConnection> {
    for (const connection of this.#shaking) {
      if (connection.sinceMs > sinceMs) return;
      yield connection;
    }
  }

  /** Whether a connection from an address is accepted. */
  judge(address: string, nowMs: number): Entry {
    const { maxOpen, maxOfAddress, maxShakingOfAddress, graceMs } =
      this.#limits;
    const source = sourceOf(address);
    if (this.#open.size >= maxOpen) {
      return { kind: "turn away", why: "connections" };
    }
    if (this.#ofSource.of(source).size >= maxOfAddress) {
      return { kind: "turn away", why: "connections of an address" };
    }
    if (this.#replacedOf.of(source).size >= maxShakingOfAddress) {
      return { kind: "turn away", why: "handshakes" };
    }
    const rival = this.#rival(source);
    if (rival === undefined) return { kind: "enter" };
    return nowMs - rival.sinceMs >= graceMs
      ? { kind: "replace", oldest: rival }
      : { kind: "turn away", why: "handshakes" };
  }

  /** Adds a connection. */
  add(connection: HandedConnection, isShaking: boolean): void {
    const source = sourceOf(connection.address);
    this.#open.set(connection, source);
    this.#ofSource.add(source, connection);
    if (!isShaking) return;
    this.#shaking.add(connection);
    this.#shakingOf.add(source, connection);
  }

  /** Records the end of a handshake, successful or not. */
  settle(connection: HandedConnection): void {
    this.#shaking.delete(connection);
    const source = this.#open.get(connection);
    if (source !== undefined) this.#shakingOf.delete(source, connection);
  }

  /** Records that a connection was cut for a newcomer during its handshake. */
  replace(connection: HandedConnection): void {
    this.settle(connection);
    const source = this.#open.get(connection);
    if (source !== undefined) this.#replacedOf.add(source, connection);
  }

  /**
   * Records a connection as a member's.
   *
   * @returns The connection to cut, if the member now has too many.
   */
  settleAs(
    connection: HandedConnection,
    node: HostName,
  ): HandedConnection | undefined {
    this.settle(connection);
    const name = canonicalHost(node);
    this.#ofNode.add(name, connection);
    const { size } = this.#ofNode.of(name);
    if (size <= this.#limits.maxOfNode) return undefined;
    const open = this.of(node);
    // A draining connection can't be cut again: a member with many of them gets
    // no further one.
    return open.length < size ? connection : open[0];
  }

  /** Removes a connection that is closed at both ends. */
  remove(connection: HandedConnection): void {
    const source = this.#open.get(connection);
    if (source === undefined) return;
    this.settle(connection);
    this.#open.delete(connection);
    this.#ofSource.delete(source, connection);
    this.#replacedOf.delete(source, connection);
    const { node } = connection;
    if (node !== undefined) {
      this.#ofNode.delete(canonicalHost(node), connection);
    }
  }

  /** The connections of a member that are not cut, the oldest first. */
  of(node: HostName): readonly HandedConnection[] {
    return [...this.#ofNode.of(canonicalHost(node))]
      .filter(({ isCut }) => !isCut);
  }

  /** The connection that has to make room for another one of a source. */
  #rival(source: string): HandedConnection | undefined {
    const { maxShaking, maxShakingOfAddress } = this.#limits;
    const own = this.#shakingOf.of(source);
    if (own.size >= maxShakingOfAddress) return own.values().next().value;
    return this.#shaking.size >= maxShaking
      ? this.#shaking.values().next().value
      : undefined;
  }
}

/** Connections grouped by a name, in order of arrival. */
class Groups {
  readonly #groups = new Map<string, Set<HandedConnection>>();

  of(name: string): ReadonlySet<HandedConnection> {
    return this.#groups.get(name) ?? NONE;
  }

  add(name: string, connection: HandedConnection): void {
    const group = this.#groups.get(name) ?? new Set();
    this.#groups.set(name, group.add(connection));
  }

  delete(name: string, connection: HandedConnection): void {
    const group = this.#groups.get(name);
    group?.delete(connection);
    if (group?.size === 0) this.#groups.delete(name);
  }
}

const NONE: ReadonlySet<HandedConnection> = new Set();
