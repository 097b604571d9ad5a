/**
 * Limits the bytes that a peer may send.
 *
 * @module
 */

import {
  type Bucket,
  type BucketRate,
  spend,
  tokensAt,
} from "../members/token_bucket.ts";
import type { SharedRates } from "./shared_rates.ts";

/** Limits for the bytes of one connection. */
export interface ByteLimits {
  /**
   * Maximum bytes before the peer is let in; above it is cut. `undefined`:
   * there is no handshake, and the other limits hold from the start.
   */
  readonly handshakeBytes: number | undefined;
  /** Bytes after that: burst, and rate per second. */
  readonly rate: BucketRate;
  /**
   * What happens to a peer above its rate. `wait`: it is not read from for a
   * while; all connections of a member, or of an address on a port without
   * members, count together. `cut`: it is cut; each connection counts by
   * itself.
   */
  readonly aboveRate: "wait" | "cut";
  /** Maximum total bytes after that; above it is cut. @default {Infinity} */
  readonly totalBytes?: number;
  /**
   * Bytes that may be sent to all connections of a member. Excess bytes wait,
   * and a peer with waiting bytes is not read from.
   * @default {there is no bound}
   */
  readonly toldRate?: BucketRate;
}

/** What to do with bytes that were read. */
export type ByteVerdict =
  | { readonly kind: "pass" }
  | { readonly kind: "wait"; readonly waitMs: number }
  | { readonly kind: "cut" };

const PASS: ByteVerdict = { kind: "pass" };
const CUT: ByteVerdict = { kind: "cut" };

/** Counts the bytes of a peer. */
export class ByteBudget {
  readonly #limits: ByteLimits;
  readonly #rates: SharedRates;
  #who: string;
  #isLetIn: boolean;
  #handshakeBytes = 0;
  #totalBytes = 0;
  #bucket: Bucket | undefined;

  /**
   * @param limits The limits for its bytes.
   * @param rates The shared rates of the port, for `aboveRate: "wait"`.
   * @param source The sender until the peer is let in.
   */
  constructor(limits: ByteLimits, rates: SharedRates, source: string) {
    this.#limits = limits;
    this.#rates = rates;
    this.#who = source;
    this.#isLetIn = limits.handshakeBytes === undefined;
  }

  /** Bytes that it sent before it was let in. */
  get handshakeBytes(): number {
    return this.#handshakeBytes;
  }

  /** Ends the handshake. @param who The sender of what follows. */
  letIn(who: string): void {
    this.#isLetIn = true;
    this.#who = who;
  }

  /**
   * Counts bytes.
   *
   * @param count Number of bytes read; they are handed on after the wait.
   * @param nowMs By a monotonic clock.
   */
  take(count: number, nowMs: number): ByteVerdict {
    const { handshakeBytes = 0, rate, aboveRate, totalBytes = Infinity } =
      this.#limits;
    if (!this.#isLetIn) {
      this.#handshakeBytes += count;
      return this.#handshakeBytes > handshakeBytes ? CUT : PASS;
    }
    this.#totalBytes += count;
    if (this.#totalBytes > totalBytes) return CUT;
    if (aboveRate === "wait") {
      const waitMs = this.#rates.take(this.#who, count, nowMs);
      return waitMs === 0 ? PASS : { kind: "wait", waitMs };
    }
    const room = tokensAt(this.#bucket, rate, nowMs);
    this.#bucket = spend(this.#bucket, rate, count, nowMs).bucket;
    return count > room ? CUT : PASS;
  }
}
