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

/** Bounds of what a peer may say over one connection. */
export interface ByteLimits {
  /** Bytes until it is let in; above it is cut. `undefined`: nobody is let in, all bytes go by the others. */
  readonly handshakeBytes: number | undefined;
  /** Bytes after that: how many at once, and in a second. */
  readonly rate: BucketRate;
  /** What becomes of a peer above its rate: it is not read from for a while, or cut. */
  readonly aboveRate: "wait" | "cut";
  /** Bytes after that in all; above it is cut. @default {Infinity} */
  readonly totalBytes?: number;
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
  #isLetIn: boolean;
  #handshakeBytes = 0;
  #totalBytes = 0;
  #bucket: Bucket | undefined;

  /** @param limits What it may say. */
  constructor(limits: ByteLimits) {
    this.#limits = limits;
    this.#isLetIn = limits.handshakeBytes === undefined;
  }

  /** Bytes said before it was let in. */
  get handshakeBytes(): number {
    return this.#handshakeBytes;
  }

  /** The handshake is over. */
  letIn(): void {
    this.#isLetIn = true;
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
    const room = tokensAt(this.#bucket, rate, nowMs);
    if (aboveRate === "cut") {
      this.#bucket = spend(this.#bucket, rate, count, nowMs).bucket;
      return count > room ? CUT : PASS;
    }
    this.#bucket = { tokens: room - count, atMs: nowMs };
    const debt = count - room;
    if (debt <= 0) return PASS;
    return { kind: "wait", waitMs: Math.ceil(debt * 1_000 / rate.perSecond) };
  }
}
