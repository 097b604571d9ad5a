/**
 * How much a peer may say.
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

/** Bounds of what a peer may say over one connection. */
export interface ByteLimits {
  /** Bytes until it is let in; above it is cut. `undefined`: nobody is let in, all bytes go by the others. */
  readonly handshakeBytes: number | undefined;
  /** Bytes after that: how many at once, and in a second. */
  readonly rate: BucketRate;
  /**
   * What becomes of a peer above its rate: it is not read from for a while, and
   * all connections of a member, or of an address where nobody is let in, count
   * together; or it is cut, each by itself.
   */
  readonly aboveRate: "wait" | "cut";
  /** Bytes after that in all; above it is cut. @default {Infinity} */
  readonly totalBytes?: number;
  /**
   * Bytes that all connections of a member are told: what is above it waits, and
   * who waits is not listened to. @default {there is no bound}
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

/** Counts what a peer says. */
export class ByteBudget {
  readonly #limits: ByteLimits;
  readonly #rates: SharedRates;
  #who: string;
  #isLetIn: boolean;
  #handshakeBytes = 0;
  #totalBytes = 0;
  #bucket: Bucket | undefined;

  /**
   * @param limits What it may say.
   * @param rates How fast those of the port speak that wait.
   * @param source Who says it, until it is let in.
   */
  constructor(limits: ByteLimits, rates: SharedRates, source: string) {
    this.#limits = limits;
    this.#rates = rates;
    this.#who = source;
    this.#isLetIn = limits.handshakeBytes === undefined;
  }

  /** Bytes said before it was let in. */
  get handshakeBytes(): number {
    return this.#handshakeBytes;
  }

  /** The handshake is over. @param who Says what follows. */
  letIn(who: string): void {
    this.#isLetIn = true;
    this.#who = who;
  }

  /**
   * Counts bytes.
   *
   * @param count How many were read; they are handed on after the wait.
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
