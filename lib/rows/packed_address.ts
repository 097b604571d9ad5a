/**
 * Addresses as numbers: converts between an address and its canonical text,
 * exactly and without a parser.
 *
 * @module
 */

import type { Address } from "../base/address.ts";

/** Bits of an IPv4 and an IPv6 address. */
export const [IPV4_BITS, IPV6_BITS] = [32, 128];
/** Lower forms are prefix lengths of IPv4, others belong to IPv6. */
const IPV6_FORM = IPV4_BITS + 1;
const GROUPS = 8;
const GROUP_MASK = 0xffff;
const [SLASH, DOT, COLON] = [0x2f, 0x2e, 0x3a];
const [ZERO, NINE, LETTER_TEN] = [0x30, 0x39, 0x57];

/**
 * An address or prefix as numbers. One object can hold any number of addresses,
 * one after another.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { PackedAddress } from "./packed_address.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("2001:db8::/48");
 * ok(address);
 * const packed = new PackedAddress();
 * packed.read(address);
 * strictEqual(packed.isIpv4, false);
 * strictEqual(packed.words[0], 0x2001_0db8);
 * strictEqual(packed.address(), address);
 * ```
 */
export class PackedAddress {
  /** Family and prefix length: 0 to 32 for IPv4; 33 plus 0 to 128 for IPv6. */
  form = 0;
  /** The bits, the first ones first; an IPv4 address is in the first word. */
  readonly words = new Int32Array(4);
  readonly #groups = new Uint16Array(GROUPS);

  /** Whether it is an IPv4 address, else IPv6. */
  get isIpv4(): boolean {
    return isIpv4Form(this.form);
  }

  /** Reads an address from its canonical text. */
  read(address: Address): void {
    if (address.includes(":")) this.#readIpv6(address);
    else this.#readIpv4(address);
  }

  /** Its canonical text. */
  address(): Address {
    const { form } = this;
    if (isIpv4Form(form)) {
      const text = ipv4Text(this.words[0] ?? 0);
      return (form === IPV4_BITS ? text : `${text}/${form}`) as Address;
    }
    const prefixBits = form - IPV6_FORM;
    const text = this.#ipv6Text();
    return (prefixBits === IPV6_BITS
      ? text
      : `${text}/${prefixBits}`) as Address;
  }

  #readIpv4(text: string): void {
    let [value, octet, at] = [0, 0, 0];
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SLASH) break;
      if (code === DOT) {
        value = value << 8 | octet;
        octet = 0;
      } else octet = octet * 10 + code - ZERO;
    }
    this.form = at < text.length ? Number(text.slice(at + 1)) : IPV4_BITS;
    this.words.fill(0);
    this.words[0] = value << 8 | octet;
  }

  #readIpv6(text: string): void {
    const groups = this.#groups.fill(0);
    let [count, value, at] = [0, 0, 0];
    /** Index of the group before which the omitted zeros stand. */
    let gapAt = GROUPS;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SLASH) break;
      if (code !== COLON) {
        value = value << 4 | code - (code > NINE ? LETTER_TEN : ZERO);
        continue;
      }
      // There is no group before a leading `::`.
      if (at > 0) groups[count++] = value;
      value = 0;
      if (text.charCodeAt(at + 1) === COLON) {
        gapAt = count;
        at++;
      }
    }
    // After a trailing `::` this adds a zero, which is right.
    if (count < GROUPS) groups[count++] = value;
    const after = groups.slice(gapAt, count);
    groups.fill(0, gapAt).set(after, GROUPS - after.length);
    const bits = at < text.length ? Number(text.slice(at + 1)) : IPV6_BITS;
    this.form = IPV6_FORM + bits;
    for (let word = 0; word < this.words.length; word++) {
      this.words[word] = (groups[2 * word] ?? 0) << 16 |
        (groups[2 * word + 1] ?? 0);
    }
  }

  /** As in RFC 5952: omits the first of the longest runs of zeros. */
  #ipv6Text(): string {
    const groups = this.#groups;
    let [zerosAt, zeros, run] = [0, 1, 0];
    for (let at = 0; at < GROUPS; at++) {
      const group = (this.words[at >> 1] ?? 0) >>> (at % 2 === 0 ? 16 : 0) &
        GROUP_MASK;
      groups[at] = group;
      run = group === 0 ? run + 1 : 0;
      if (run > zeros) [zerosAt, zeros] = [at + 1 - run, run];
    }
    if (zeros === 1) return groupsText(groups, 0, GROUPS);
    const before = groupsText(groups, 0, zerosAt);
    return `${before}::${groupsText(groups, zerosAt + zeros, GROUPS)}`;
  }
}

/** The form of an IPv6 prefix. */
export function ipv6Form(prefixBits: number): number {
  return IPV6_FORM + prefixBits;
}

/** The prefix length of an IPv6 form. */
export function prefixOfIpv6(form: number): number {
  return form - IPV6_FORM;
}

/** Whether a {@link PackedAddress.form} is an IPv4 one. */
export function isIpv4Form(form: number): boolean {
  return form < IPV6_FORM;
}

function ipv4Text(word: number): string {
  return `${word >>> 24}.${word >>> 16 & 255}.${word >>> 8 & 255}.${
    word & 255
  }`;
}

function groupsText(groups: Uint16Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) {
    const group = (groups[at] ?? 0).toString(16);
    text = at === from ? group : `${text}:${group}`;
  }
  return text;
}
