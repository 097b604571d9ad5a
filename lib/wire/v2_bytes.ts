/**
 * Numbers, texts and addresses as bytes, for the bodies of protocol 2 that are
 * no JSON.
 *
 * ```abnf
 * varint  = *(%x80-FF) %x00-7F      ; 7 bits to an octet, the lowest first; at most 2^53-1
 *                                   ; only a lone octet may end with %x00
 * text    = OCTET *255OCTET         ; how many characters of ASCII, and those
 * ipv4    = 4OCTET                  ; the first octet of the address first
 * ```
 *
 * @module
 */

import type { Address } from "../base/address.ts";

/** What a varint can be at most. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
/** From here on a number has bits that JavaScript's operators on 32 of them lose. */
const HIGH = 2 ** 28;
const HIGH_SHIFT = 28;
const IPV4_BYTES = 4;
const [DOT, ZERO] = [0x2e, 0x30];
const FIRST_BYTES = 1_024;
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, n) => `${n}`);

/** Writes a body from its beginning on. It may be cut back, and used again. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what is behind the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** A copy of the first `length` bytes. */
  copy(length = this.#length): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, length);
  }

  /** One byte. */
  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Another byte at a place that was written. */
  set(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Some bytes. */
  bytes(values: Uint8Array): void {
    this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** A whole number from 0 to 2^53-1. */
  number(value: number): void {
    while (value >= HIGH) {
      this.byte(value % 128 + 128);
      value = Math.floor(value / 128);
    }
    while (value >= 128) {
      this.byte(value & 127 | 128);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** A text of ASCII, of 255 characters at most. */
  text(text: string): void {
    this.#grow(text.length + 1);
    this.#bytes[this.#length++] = text.length;
    for (let at = 0; at < text.length; at++) {
      this.#bytes[this.#length++] = text.charCodeAt(at);
    }
  }

  /** The address, where it is a single one of IPv4. @returns Whether it is. */
  ipv4(address: string): boolean {
    this.#grow(IPV4_BYTES);
    let [octet, digits, dots] = [0, 0, 0];
    for (let at = 0; at < address.length; at++) {
      const code = address.charCodeAt(at);
      if (code === DOT) {
        if (digits === 0 || octet > 255 || dots === 3) return false;
        this.#bytes[this.#length + dots++] = octet;
        [octet, digits] = [0, 0];
        continue;
      }
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || digits > 0 && octet === 0) return false;
      octet = octet * 10 + digit;
      if (++digits > 3) return false;
    }
    if (digits === 0 || octet > 255 || dots !== 3) return false;
    this.#bytes[this.#length + 3] = octet;
    this.#length += IPV4_BYTES;
    return true;
  }

  #grow(count: number): void {
    const length = this.#length + count;
    if (length <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * length);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/**
 * Reads a body from its beginning on. The first thing that is refused is told
 * by {@link ByteReader.refused}; what is read after it means nothing.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #refused: string | undefined;

  /** @param bytes The whole body. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Why the body is refused; `undefined`: it is not, so far. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Refuses the body, unless it is refused already. */
  refuse(reason: string): void {
    this.#refused ??= reason;
  }

  /** One byte. */
  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) this.refuse("fields");
    return value ?? 0;
  }

  /** Some bytes, which are the body's own. */
  bytes(count: number): Uint8Array {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) this.refuse("fields");
    return this.#bytes.subarray(start, this.#at);
  }

  /**
   * A whole number.
   *
   * @param name Whose fault it is when it is above `max`.
   * @param max What it may be.
   */
  number(name: string, max: number = MAX_NUMBER): number {
    let value = 0;
    let shift = 0;
    let byte = this.byte();
    for (; byte >= 128 && shift < HIGH_SHIFT; shift += 7) {
      value |= (byte & 127) << shift;
      byte = this.byte();
    }
    for (; byte >= 128 && shift < 49; shift += 7) {
      value += (byte & 127) * 2 ** shift;
      byte = this.byte();
    }
    if (shift > 0 && byte === 0) this.refuse("canonical");
    value += byte * 2 ** shift;
    // The eighth octet has four bits; one that says that more follow has more.
    if (value > max) this.refuse(name);
    return value;
  }

  /** A text, whose characters may be any of Latin-1. */
  text(): string {
    const length = this.byte();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      this.refuse("fields");
      return "";
    }
    return String.fromCharCode(...this.#bytes.subarray(start, this.#at));
  }

  /** A single address of IPv4. */
  ipv4(): Address {
    const [a, b, c, d] = [this.byte(), this.byte(), this.byte(), this.byte()];
    const text = `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.${OCTETS[d]}`;
    // Canonical, since each octet is.
    return text as Address;
  }
}
