/**
 * Changes that follow each other, as bytes: the bodies of C and CHANGES.
 *
 * ```abnf
 * c-body       = epoch block                 ; at least one change
 * changes-body = epoch seq block             ; without a change only where seq is from
 * epoch        = 16OCTET
 * seq          = varint
 * block        = from *change
 * from         = varint                      ; the number before that of the first change
 * change       = form jail node whom ago [remaining]
 * form         = OCTET                       ; see below
 * jail         = %x00 text / varint          ; a jail that comes for the first time, or the n-th that came
 * node         = %x00 text / varint          ; origin or by, likewise
 * whom         = ipv4 / text                 ; text for all but a single address of IPv4
 * ago          = varint
 * remaining    = varint                      ; of a report with an end
 * ```
 *
 * `form` is 0 for a report, 1 for a withdrawal, 2 for a lift; of a report 4 more
 * where it is pending and 8 more where it has no end; 16 more where `whom` is a
 * text. The numbers of the changes are not written: each is that of the one
 * before and 1. A body has one form for what it says: no jail and no node is
 * written as a text twice.
 *
 * A body is read up to its end, so that one can be written without knowing how
 * many changes will fit.
 *
 * @module
 */

import { type Address, parseAddress } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { Epoch } from "../base/ids.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { rememberNames } from "../base/name_cache.ts";
import { isImportOrigin, parseOrigin } from "../base/operator_name.ts";
import { type ByteReader, ByteWriter } from "./v2_bytes.ts";
import { parseEpoch } from "./v2_ids.ts";
import { MAX_CHANGES, MAX_SPAN_MS, MAX_STREAM_BYTES } from "./v2_limits.ts";
import type {
  PublisherMessage,
  StreamMessage,
  WireChange,
} from "./v2_messages.ts";

const EPOCH_BYTES = 16;
const KINDS = ["report", "withdraw", "lift"] as const;
const KIND_BITS = 3;
const IS_PENDING = 4;
const IS_ENDLESS = 8;
const IS_TEXT = 16;
/** Stands for a name that comes for the first time. */
const NEW_NAME = 0;
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

const readJail = rememberNames(parseJailName);
const readOrigin = rememberNames(parseOrigin);

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

type Message = PublisherMessage | StreamMessage;
type Body<K extends Message["kind"]> = Omit<
  Extract<Message, { readonly kind: K }>,
  "kind"
>;

/** Writes bodies, one after the other. */
class ChangeWriter {
  readonly #bytes = new ByteWriter();
  readonly #jails = new Map<string, number>();
  readonly #nodes = new Map<string, number>();
  #refused: string | undefined;

  /** Bytes of the body so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The name of the first member that has no form; `undefined`: all have one. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /**
   * Begins a body.
   *
   * @param epoch Whose numbers they are.
   * @param from The number before that of the first change.
   * @param seq As in CHANGES; C has none.
   */
  begin(epoch: Epoch, from: number, seq?: number): void {
    this.#bytes.cut(0);
    this.#jails.clear();
    this.#nodes.clear();
    this.#refused = undefined;
    if (parseEpoch(epoch) === epoch) {
      this.#bytes.bytes(Uint8Array.fromHex(epoch));
    } else this.#refuse("epoch");
    if (seq !== undefined) this.#number("seq", seq, MAX_NUMBER);
    this.#number("from", from, MAX_NUMBER);
  }

  /** Adds the change whose number follows. */
  add(change: WireChange): void {
    const { kind, jail, address, agoMs } = change;
    const formAt = this.#bytes.length;
    this.#bytes.byte(0);
    this.#name("jail", jail, this.#jails, readJail);
    const isLift = kind === "lift";
    const node = isLift ? change.by : change.origin;
    this.#name(isLift ? "by" : "origin", node, this.#nodes, readOrigin);
    if (isLift && isImportOrigin(node)) this.#refuse("by");
    const form = KINDS.indexOf(kind) | this.#whom(address);
    this.#number("agoMs", agoMs, MAX_SPAN_MS);
    this.#bytes.set(formAt, form | this.#rest(change));
  }

  /** A copy of the body up to so many bytes. @default {all of it} */
  body(length = this.#bytes.length): Uint8Array {
    return this.#bytes.copy(length);
  }

  /** @returns What the form says of it. */
  #whom(address: Address): number {
    if (this.#bytes.ipv4(address)) return 0;
    if (parseAddress(address) === address) this.#bytes.text(address);
    else this.#refuse("address");
    return IS_TEXT;
  }

  /** What only a report has. @returns What the form says of it. */
  #rest(change: WireChange): number {
    if (change.kind !== "report") return 0;
    const { isPending, remainingMs } = change;
    if (typeof isPending !== "boolean") this.#refuse("isPending");
    const pending = isPending ? IS_PENDING : 0;
    if (remainingMs === null) return pending | IS_ENDLESS;
    this.#number("remainingMs", remainingMs, MAX_SPAN_MS);
    return pending;
  }

  #name(
    member: string,
    name: string,
    known: Map<string, number>,
    read: (text: string) => string | undefined,
  ): void {
    const place = known.get(name);
    if (place !== undefined) this.#bytes.number(place);
    else if (read(name) === name) {
      known.set(name, known.size + 1);
      this.#bytes.byte(NEW_NAME);
      this.#bytes.text(name);
    } else this.#refuse(member);
  }

  #number(member: string, value: number, max: number): void {
    if (Number.isSafeInteger(value) && value >= 0 && value <= max) {
      this.#bytes.number(value);
    } else this.#refuse(member);
  }

  #refuse(member: string): void {
    this.#refused ??= member;
  }
}

const WRITER = new ChangeWriter();

/** The body of CHANGES. */
export const CHANGES_BODY: ByteBody<Body<"CHANGES">> = {
  write({ epoch, from, to, seq, changes }) {
    WRITER.begin(epoch, from, seq);
    for (const change of changes) WRITER.add(change);
    const rules: readonly (readonly [name: string, holds: boolean])[] = [
      ["changes", changes.length <= MAX_CHANGES],
      ["changes", followEachOther(changes, from)],
      ["to", to === from + changes.length],
      ["seq", isAhead(seq, to, changes.length)],
    ];
    const broken = rules.find(([, holds]) => !holds)?.[0];
    return finished("CHANGES", WRITER.body(), broken);
  },
  read(bytes) {
    const epoch = readEpoch(bytes);
    const seq = bytes.number("seq");
    const { from, changes } = readChanges(bytes);
    const to = from + changes.length;
    if (!isAhead(seq, to, changes.length)) bytes.refuse("seq");
    return { epoch, from, to, seq, changes };
  },
};

/** Whether whoever asks on asks for something later. */
function isAhead(seq: number, to: number, count: number): boolean {
  return count === 0 ? seq === to : seq >= to;
}

/** The body of C. */
export const C_BODY: ByteBody<Body<"C">> = {
  write({ epoch, changes }) {
    const [body, ...others] = changeBodies(epoch, changes);
    if (body !== undefined && others.length === 0) return body;
    throw new RangeError("Cannot encode C: no changes, or too many");
  },
  read(bytes) {
    const epoch = readEpoch(bytes);
    const { changes } = readChanges(bytes);
    if (changes.length === 0) bytes.refuse("changes");
    return { epoch, changes };
  },
};

/**
 * Bodies of C for any number of changes, each with as many as fit.
 *
 * @param epoch Whose numbers they are.
 * @param changes They follow each other.
 * @throws {TypeError} when a member breaks its grammar or bound; the error names it, without its value.
 */
export function changeBodies(
  epoch: Epoch,
  changes: readonly WireChange[],
): readonly Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const [first] = changes;
  if (first === undefined) return bodies;
  const broken = followEachOther(changes, first.seq - 1)
    ? undefined
    : "changes";
  WRITER.begin(epoch, first.seq - 1);
  let count = 0;
  for (const change of changes) {
    const { length } = WRITER;
    WRITER.add(change);
    if (WRITER.length > MAX_STREAM_BYTES || count === MAX_CHANGES) {
      bodies.push(finished("C", WRITER.body(length), broken));
      WRITER.begin(epoch, change.seq - 1);
      WRITER.add(change);
      count = 0;
    }
    count++;
  }
  bodies.push(finished("C", WRITER.body(), broken));
  return bodies;
}

function followEachOther(changes: readonly WireChange[], from: number) {
  return changes.every(({ seq }, at) => seq === from + 1 + at);
}

function finished(kind: string, body: Uint8Array, broken: string | undefined) {
  const refused = WRITER.refused ?? broken;
  if (refused === undefined) return body;
  throw new TypeError(`Cannot encode ${kind}: "${refused}" breaks the grammar`);
}

/** Reads an epoch: sixteen octets are one, whatever they are. */
function readEpoch(bytes: ByteReader): Epoch {
  return bytes.bytes(EPOCH_BYTES).toHex() as Epoch;
}

/** Reads a block, up to the end of the body. */
function readChanges(bytes: ByteReader) {
  const from = bytes.number("from");
  const changes: WireChange[] = [];
  const names: Names = { jails: [], nodes: [] };
  while (!bytes.isAtEnd && bytes.refused === undefined) {
    const seq = from + changes.length + 1;
    if (changes.length === MAX_CHANGES) bytes.refuse("changes");
    if (seq > MAX_NUMBER) bytes.refuse("seq");
    changes.push(readChange(bytes, names, seq));
  }
  return { from, changes };
}

/** Names that came, in their order. */
interface Names {
  readonly jails: JailName[];
  readonly nodes: HostName[];
}

function readChange(
  bytes: ByteReader,
  { jails, nodes }: Names,
  seq: number,
): WireChange {
  const form = bytes.byte();
  const kind = KINDS[form & KIND_BITS] ?? "lift";
  if (!isForm(form)) bytes.refuse("kind");
  const jail = readName(bytes, "jail", jails, readJail);
  const nodeName = kind === "lift" ? "by" : "origin";
  const node = readName(bytes, nodeName, nodes, readOrigin);
  const address = (form & IS_TEXT) === 0 ? bytes.ipv4() : readAddress(bytes);
  const agoMs = bytes.number("agoMs", MAX_SPAN_MS);
  switch (kind) {
    case "report": {
      const remainingMs = (form & IS_ENDLESS) === 0
        ? bytes.number("remainingMs", MAX_SPAN_MS)
        : null;
      const isPending = (form & IS_PENDING) !== 0;
      const base = { kind, seq, agoMs, jail, address, origin: node };
      return { ...base, remainingMs, isPending };
    }
    case "withdraw":
      return { kind, seq, agoMs, jail, address, origin: node };
    case "lift":
      if (isImportOrigin(node)) bytes.refuse("by");
      return { kind, seq, agoMs, jail, address, by: node };
  }
}

/** Only of a report there is more to say. */
function isForm(form: number): boolean {
  const kind = form & KIND_BITS;
  const more = kind === 0 ? IS_PENDING | IS_ENDLESS | IS_TEXT : IS_TEXT;
  return kind < KINDS.length && (form & ~(KIND_BITS | more)) === 0;
}

function readName<T extends string>(
  bytes: ByteReader,
  member: string,
  known: T[],
  read: (text: string) => T | undefined,
): T {
  const place = bytes.number(member);
  const name = place === NEW_NAME ? read(bytes.text()) : known[place - 1];
  if (name === undefined) bytes.refuse(member);
  else if (place === NEW_NAME) {
    if (known.includes(name)) bytes.refuse("canonical");
    known.push(name);
  }
  // What is refused is not looked at.
  return name ?? "" as T;
}

/** One that is not written as four octets. */
function readAddress(bytes: ByteReader): Address {
  const text = bytes.text();
  const address = parseAddress(text);
  if (address === undefined) bytes.refuse("address");
  else if (!/[:/]/.test(address)) bytes.refuse("canonical");
  return address ?? text as Address;
}
