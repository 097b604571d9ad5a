/**
 * The connections of a port, and whether one more may come.
 *
 * @module
 */

import { canonicalAddress } from "../base/address.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { HandedConnection } from "./handed_connection.ts";

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
  /** Of a member; above it its oldest is cut. */
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
  readonly #open = new Set<HandedConnection>();
  /** Those that shake hands, the one that is at it longest first. */
  readonly #shaking = new Set<HandedConnection>();
  readonly #ofSource = new Map<string, number>();

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
    return this.#open.values();
  }

  /** Whether a connection from an address may come. */
  judge(address: string, nowMs: number): Entry {
    const { maxOpen, maxOfAddress, graceMs, ...limits } = this.#limits;
    if (this.#open.size >= maxOpen) {
      return { kind: "turn away", why: "connections" };
    }
    if ((this.#ofSource.get(sourceOf(address)) ?? 0) >= maxOfAddress) {
      return { kind: "turn away", why: "connections of an address" };
    }
    const rival = this.#rival(address, limits);
    if (rival === undefined) return { kind: "enter" };
    return nowMs - rival.sinceMs >= graceMs
      ? { kind: "replace", oldest: rival }
      : { kind: "turn away", why: "handshakes" };
  }

  /** Takes one in. */
  add(connection: HandedConnection, isShaking: boolean): void {
    const source = sourceOf(connection.address);
    this.#open.add(connection);
    if (isShaking) this.#shaking.add(connection);
    this.#ofSource.set(source, (this.#ofSource.get(source) ?? 0) + 1);
  }

  /** Its handshake is over, one way or the other. */
  settle(connection: HandedConnection): void {
    this.#shaking.delete(connection);
  }

  /** It is closed at both ends. */
  remove(connection: HandedConnection): void {
    const source = sourceOf(connection.address);
    this.#open.delete(connection);
    this.#shaking.delete(connection);
    const left = (this.#ofSource.get(source) ?? 0) - 1;
    if (left > 0) this.#ofSource.set(source, left);
    else this.#ofSource.delete(source);
  }

  /** Those of a member that are not cut, the oldest first. */
  of(node: HostName): readonly HandedConnection[] {
    const name = canonicalHost(node);
    return [...this.#open].filter((each) =>
      !each.isCut && each.node !== undefined &&
      canonicalHost(each.node) === name
    );
  }

  /** The one of a member that is too many, once it has one more than it may. */
  surplusOf(node: HostName): HandedConnection | undefined {
    const open = this.of(node);
    return open.length > this.#limits.maxOfNode ? open[0] : undefined;
  }

  /** Who has to make room for one more from an address. */
  #rival(
    address: string,
    { maxShaking, maxShakingOfAddress }: Pick<
      ConnectionLimits,
      "maxShaking" | "maxShakingOfAddress"
    >,
  ): HandedConnection | undefined {
    const fewest = Math.min(maxShaking, maxShakingOfAddress);
    if (this.#shaking.size < fewest) return undefined;
    const shaking = [...this.#shaking].filter(({ isCut }) => !isCut);
    const source = sourceOf(address);
    const own = shaking.filter((each) => sourceOf(each.address) === source);
    if (own.length >= maxShakingOfAddress) return own[0];
    return shaking.length >= maxShaking ? shaking[0] : undefined;
  }
}

/** Whoever has an address of IPv6 has its whole /64. */
function sourceOf(address: string): string {
  const text = address.includes(":") ? `${address}/64` : address;
  return canonicalAddress(text) ?? address;
}
