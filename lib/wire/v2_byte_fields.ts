/**
 * Members of bodies that are bytes: names, addresses and bounded numbers.
 *
 * ```abnf
 * name = %x00 text / varint          ; a new name, or the n-th new one before
 * whom = ipv4 / text                 ; text unless a single IPv4 address
 * ```
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import { type ByteReader, ByteWriter } from "./v2_bytes.ts";

/** Marks a new name. */
const NEW_NAME = 0;
/** Bit in an item's first octet: its address is written as text. */
export const IS_TEXT = 16;

/** A body in bytes instead of JSON. */
export interface ByteBody<T> {
  /**
   * Encodes a body.
   *
   * @throws {TypeError} when a member breaks its grammar or bound; the error
   *   names the member, without its value.
   */
  write(body: T): Uint8Array;
  /** Decodes a body; the reader has the reason for a rejection. */
  read(bytes: ByteReader): T;
}

/** Writes the members of a body, and remembers the first invalid one. */
export class FieldWriter {
  /** Everything written so far. */
  readonly bytes = new ByteWriter();
  #refused: string | undefined;

  /** Name of the first invalid member; `undefined`: all are valid. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Starts a new body. */
  clear(): void {
    this.bytes.cut(0);
    this.#refused = undefined;
  }

  /** Marks a member as invalid. */
  refuse(member: string): void {
    this.#refused ??= member;
  }

  /** Writes sixteen octets, given as 32 hexadecimal digits. */
  id(member: string, text: string, isId: boolean): void {
    if (isId) this.bytes.bytes(Uint8Array.fromHex(text));
    else this.refuse(member);
  }

  /** Writes a whole number. */
  number(
    member: string,
    value: number,
    max: number = Number.MAX_SAFE_INTEGER,
  ): void {
    if (Number.isSafeInteger(value) && value >= 0 && value <= max) {
      this.bytes.number(value);
    } else this.refuse(member);
  }

  /**
   * Writes a name.
   *
   * @param known The names before, with their numbers.
   * @param read Parses a name; `undefined`: it is invalid.
   */
  name(
    member: string,
    name: string,
    known: Map<string, number>,
    read: (text: string) => string | undefined,
  ): void {
    const place = known.get(name);
    if (place !== undefined) this.bytes.number(place);
    else if (read(name) === name) {
      known.set(name, known.size + 1);
      this.bytes.byte(NEW_NAME);
      this.bytes.text(name);
    } else this.refuse(member);
  }

  /** Writes an address. @returns The bits for the first octet. */
  whom(address: Address): number {
    if (this.bytes.ipv4(address)) return 0;
    if (parseAddress(address) === address) this.bytes.text(address);
    else this.refuse("address");
    return IS_TEXT;
  }

  /**
   * Copies the body.
   *
   * @param broken A member that breaks another rule.
   * @throws {TypeError} when a member is invalid.
   */
  body(
    kind: string,
    broken: string | undefined,
    length = this.bytes.length,
  ): Uint8Array {
    const refused = this.#refused ?? broken;
    if (refused === undefined) return this.bytes.copy(length);
    throw new TypeError(
      `Cannot encode ${kind}: "${refused}" breaks the grammar`,
    );
  }
}

/**
 * Reads names that {@link FieldWriter.name} wrote, for one body. The time for a
 * name depends on its length only, not on the number of names, which the sender
 * chooses.
 */
export class NameReader<T extends string> {
  readonly #parse: (text: string) => T | undefined;
  /** The names so far, in order. */
  readonly #names: T[] = [];
  readonly #known = new Set<T>();

  /** @param parse Parses a name; `undefined`: it is invalid. */
  constructor(parse: (text: string) => T | undefined) {
    this.#parse = parse;
  }

  /** Reads the next name. */
  read(bytes: ByteReader, member: string): T {
    const place = bytes.number(member);
    const name = place === NEW_NAME
      ? this.#parse(bytes.text())
      : this.#names[place - 1];
    if (name === undefined) bytes.refuse(member);
    else if (place === NEW_NAME) {
      if (this.#known.has(name)) bytes.refuse("canonical");
      this.#known.add(name);
      this.#names.push(name);
    }
    // After a rejection the value is not used.
    return name ?? "" as T;
  }
}

/** Reads what {@link FieldWriter.whom} wrote. @param octet The first octet. */
export function readWhom(bytes: ByteReader, octet: number): Address {
  if ((octet & IS_TEXT) === 0) return bytes.ipv4();
  const text = bytes.text();
  const address = parseAddress(text);
  if (address === undefined) bytes.refuse("address");
  else if (!/[:/]/.test(address)) bytes.refuse("canonical");
  return address ?? text as Address;
}
