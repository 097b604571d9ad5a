/**
 * Numbers, texts and addresses as bytes, for protocol 2's bodies that are not
 * JSON.
 *
 * ```abnf
 * varint  = *(%x80-FF) %x00-7F      ; 7 bits per octet, lowest first; at most 2^53-1
 *                                   ; only a lone octet may end with %x00
 * text    = OCTET *255OCTET         ; the number of ASCII characters, then those
 * ipv4    = 4OCTET                  ; the address's first octet first
 * ```
 *
 * @module
 */

import type { Address } from "../base/address.ts";

/** Largest varint. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
/** From here on a number has bits that 32-bit operators would lose. */
const HIGH = 2 ** 28;
const HIGH_SHIFT = 28;
const IPV4_BYTES = 4;
const [DOT, ZERO] = [0x2e, 0x30];
const FIRST_BYTES = 1_024;
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, n) => `${n}`);

/** Writes a body from its start. It can be cut back and reused. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** Number of bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Discards everything after the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Copies the first `length` bytes. */
  copy(length = this.#length): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, length);
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Overwrites a byte. */
  set(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Writes some bytes. */
  bytes(values: Uint8Array): void {
    this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** Writes a whole number from 0 to 2^53-1. */
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

  /** Writes an ASCII text of at most 255 characters. */
  text(text: string): void {
    this.#grow(text.length + 1);
    this.#bytes[this.#length++] = text.length;
    for (let at = 0; at < text.length; at++) {
      this.#bytes[this.#length++] = text.charCodeAt(at);
    }
  }

  /** Writes an address if it is a single IPv4 one. @returns Whether it is. */
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
 * Reads a body from its start. {@link ByteReader.refused} has the first reason
 * for a rejection; values read after it are meaningless.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #refused: string | undefined;

  /** @param bytes The whole body. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all bytes were read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Why the body is rejected; `undefined`: it is not, so far. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Rejects the body; only the first reason counts. */
  refuse(reason: string): void {
    this.#refused ??= reason;
  }

  /** Reads one byte. */
  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) this.refuse("fields");
    return value ?? 0;
  }

  /** Reads some bytes, as a view of the body. */
  bytes(count: number): Uint8Array {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) this.refuse("fields");
    return this.#bytes.subarray(start, this.#at);
  }

  /**
   * Reads a whole number.
   *
   * @param name The reason if it is above `max`.
   * @param max The largest allowed value.
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
    // Only four bits of the eighth octet fit; a continuation bit exceeds the
    // limit too.
    if (value > max) this.refuse(name);
    return value;
  }

  /** Reads a text; its characters may be any of Latin-1. */
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

  /** Reads a single IPv4 address. */
  ipv4(): Address {
    const [a, b, c, d] = [this.byte(), this.byte(), this.byte(), this.byte()];
    const text = `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.${OCTETS[d]}`;
    // Canonical, because each octet is.
    return text as Address;
  }
}
