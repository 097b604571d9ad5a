/**
 * The connections of a port, and whether one more may come.
 *
 * @module
 */

import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { HandedConnection } from "./handed_connection.ts";
import { sourceOf } from "./source.ts";

/** Bounds of a port's connections. */
export interface ConnectionLimits {
  /** In all; above it the newcomer is turned away. */
  readonly maxOpen: number;
  /** From an address, or a /64 of IPv6, likewise. */
  readonly maxOfAddress: number;
  /**
   * That shake hands at a time: the one that is at it longest is cut for the
   * newcomer once it had `graceMs`; before that the newcomer is turned away.
   */
  readonly maxShaking: number;
  /** From an address, likewise. */
  readonly maxShakingOfAddress: number;
  /** How long a handshake may take while others want its place, in milliseconds. */
  readonly graceMs: number;
  /**
   * Of a member; above it its oldest is cut. One that is cut counts until it is
   * closed at both ends: while one does, the newcomer is the one too many.
   */
  readonly maxOfNode: number;
}

/** Whether a connection may come. */
export type Entry =
  | { readonly kind: "enter" }
  | { readonly kind: "replace"; readonly oldest: HandedConnection }
  | { readonly kind: "turn away"; readonly why: string };

/** Knows the connections of a port. */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  /** With the source of each. */
  readonly #open = new Map<HandedConnection, string>();
  /** Those that shake hands, the one that is at it longest first. */
  readonly #shaking = new Set<HandedConnection>();
  readonly #shakingOf = new Groups();
  /** Those that were cut for others, until they are closed at both ends. */
  readonly #replacedOf = new Groups();
  readonly #ofSource = new Groups();
  readonly #ofNode = new Groups();

  /** @param limits How many there may be. */
  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** How many there are; some may be about to end. */
  get size(): number {
    return this.#open.size;
  }

  /** How many shake hands. */
  get shaking(): number {
    return this.#shaking.size;
  }

  /** All of them. */
  [Symbol.iterator](): IterableIterator<HandedConnection> {
    return this.#open.keys();
  }

  /** Those that are at their handshake since a moment or longer. */
  *shakingSince(sinceMs: number): Generator<HandedConnection> {
    for (const connection of this.#shaking) {
      if (connection.sinceMs > sinceMs) return;
      yield connection;
    }
  }

  /** Whether a connection from an address may come. */
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

  /** Takes one in. */
  add(connection: HandedConnection, isShaking: boolean): void {
    const source = sourceOf(connection.address);
    this.#open.set(connection, source);
    this.#ofSource.add(source, connection);
    if (!isShaking) return;
    this.#shaking.add(connection);
    this.#shakingOf.add(source, connection);
  }

  /** Its handshake is over, one way or the other. */
  settle(connection: HandedConnection): void {
    this.#shaking.delete(connection);
    const source = this.#open.get(connection);
    if (source !== undefined) this.#shakingOf.delete(source, connection);
  }

  /** It was cut for a newcomer while it shook hands. */
  replace(connection: HandedConnection): void {
    this.settle(connection);
    const source = this.#open.get(connection);
    if (source !== undefined) this.#replacedOf.add(source, connection);
  }

  /**
   * It is a member's.
   *
   * @returns Which one is to be cut, once the member has one more than it may.
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
    // What drains can't be cut, and who makes ever more of them has no place for another.
    return open.length < size ? connection : open[0];
  }

  /** It is closed at both ends. */
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

  /** Those of a member that are not cut, the oldest first. */
  of(node: HostName): readonly HandedConnection[] {
    return [...this.#ofNode.of(canonicalHost(node))]
      .filter(({ isCut }) => !isCut);
  }

  /** Who has to make room for one more of a source. */
  #rival(source: string): HandedConnection | undefined {
    const { maxShaking, maxShakingOfAddress } = this.#limits;
    const own = this.#shakingOf.of(source);
    if (own.size >= maxShakingOfAddress) return own.values().next().value;
    return this.#shaking.size >= maxShaking
      ? this.#shaking.values().next().value
      : undefined;
  }
}

/** Connections by something that they have in common, in the order in which they came. */
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
