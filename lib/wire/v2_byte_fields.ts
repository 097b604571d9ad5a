/**
 * Members of bodies that are bytes: names, addresses and bounded numbers.
 *
 * ```abnf
 * name = %x00 text / varint          ; one that comes for the first time, or the n-th that came
 * whom = ipv4 / text                 ; text for all but a single address of IPv4
 * ```
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import { type ByteReader, ByteWriter } from "./v2_bytes.ts";

/** Stands for a name that comes for the first time. */
const NEW_NAME = 0;
/** Of the first octet of something: its address is written as a text. */
export const IS_TEXT = 16;

/** A body that is no JSON. */
export interface ByteBody<T> {
  /**
   * Writes it.
   *
   * @throws {TypeError} when a member breaks its grammar or bound; the error names it, without its value.
   */
  write(body: T): Uint8Array;
  /** Reads it; the reader tells what is refused. */
  read(bytes: ByteReader): T;
}

/** Writes the members of a body; the first that has no form is remembered. */
export class FieldWriter {
  /** All that was written. */
  readonly bytes = new ByteWriter();
  #refused: string | undefined;

  /** The name of the first member that has no form; `undefined`: all have one. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Begins anew. */
  clear(): void {
    this.bytes.cut(0);
    this.#refused = undefined;
  }

  /** Says that a member has no form. */
  refuse(member: string): void {
    this.#refused ??= member;
  }

  /** Sixteen octets that are 32 hexadecimal digits elsewhere. */
  id(member: string, text: string, isId: boolean): void {
    if (isId) this.bytes.bytes(Uint8Array.fromHex(text));
    else this.refuse(member);
  }

  /** A whole number. */
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
   * A name.
   *
   * @param known Those that came, and which each was.
   * @param read Reads one; `undefined`: it is none.
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

  /** An address. @returns What the first octet says of it. */
  whom(address: Address): number {
    if (this.bytes.ipv4(address)) return 0;
    if (parseAddress(address) === address) this.bytes.text(address);
    else this.refuse("address");
    return IS_TEXT;
  }

  /**
   * A copy of what was written.
   *
   * @param broken A member that breaks another rule.
   * @throws {TypeError} when something has no form.
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
 * Reads what {@link FieldWriter.name} wrote, of one body. A name takes as long
 * as it has letters, however many came: who sends a body chooses how many.
 */
export class NameReader<T extends string> {
  readonly #parse: (text: string) => T | undefined;
  /** Those that came, in their order. */
  readonly #names: T[] = [];
  readonly #known = new Set<T>();

  /** @param parse Reads one; `undefined`: it is none. */
  constructor(parse: (text: string) => T | undefined) {
    this.#parse = parse;
  }

  /** Reads the next one. */
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
    // What is refused is not looked at.
    return name ?? "" as T;
  }
}

/** Reads what {@link FieldWriter.whom} wrote. @param octet What it returned is in it. */
export function readWhom(bytes: ByteReader, octet: number): Address {
  if ((octet & IS_TEXT) === 0) return bytes.ipv4();
  const text = bytes.text();
  const address = parseAddress(text);
  if (address === undefined) bytes.refuse("address");
  else if (!/[:/]/.test(address)) bytes.refuse("canonical");
  return address ?? text as Address;
}
