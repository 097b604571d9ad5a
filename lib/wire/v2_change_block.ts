/**
 * Consecutive changes as bytes: the bodies of C and CHANGES. For names and
 * addresses see `v2_byte_fields.ts`.
 *
 * ```abnf
 * c-body       = epoch block                 ; at least one change
 * changes-body = epoch seq block             ; without changes only if seq is from
 * epoch        = 16OCTET
 * seq          = varint
 * block        = from *change
 * from         = varint                      ; the number before the first change
 * change       = form jail node whom ago [remaining]
 * form         = OCTET                       ; see below
 * jail         = name
 * node         = name                        ; origin or by
 * ago          = varint
 * remaining    = varint                      ; only for a report with an end
 * ```
 *
 * `form` is 0 for a report, 1 for a withdrawal, 2 for a lift. Add 4 for a
 * pending report, 8 for a report without an end, and 16 if `whom` is a text.
 * The changes' numbers are not written, because they are consecutive. A body
 * has exactly one form: no jail and no node is written as text twice.
 *
 * A body extends to the end of its frame, so that it can be written without
 * knowing how many changes will fit.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { Epoch } from "../base/ids.ts";
import { type JailName, parseJailName } from "../base/jail_name.ts";
import { rememberNames } from "../base/name_cache.ts";
import { isImportOrigin, parseOrigin } from "../base/operator_name.ts";
import {
  type ByteBody,
  FieldWriter,
  IS_TEXT,
  NameReader,
  readWhom,
} from "./v2_byte_fields.ts";
import type { ByteReader } from "./v2_bytes.ts";
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
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

const readJail = rememberNames(parseJailName);
const readOrigin = rememberNames(parseOrigin);

type Message = PublisherMessage | StreamMessage;
type Body<K extends Message["kind"]> = Omit<
  Extract<Message, { readonly kind: K }>,
  "kind"
>;

/** Writes bodies, one after another. */
class ChangeWriter {
  readonly #fields = new FieldWriter();
  readonly #jails = new Map<string, number>();
  readonly #nodes = new Map<string, number>();

  /** Length of the body so far, in bytes. */
  get length(): number {
    return this.#fields.bytes.length;
  }

  /**
   * Begins a body.
   *
   * @param epoch The epoch of the changes' numbers.
   * @param from The number before the first change.
   * @param seq As in CHANGES; C has none.
   */
  begin(epoch: Epoch, from: number, seq?: number): void {
    this.#jails.clear();
    this.#nodes.clear();
    this.#fields.clear();
    this.#fields.id("epoch", epoch, parseEpoch(epoch) === epoch);
    if (seq !== undefined) this.#fields.number("seq", seq);
    this.#fields.number("from", from);
  }

  /** Adds the next change. */
  add(change: WireChange): void {
    const { kind, jail, address, agoMs } = change;
    const fields = this.#fields;
    const formAt = fields.bytes.length;
    fields.bytes.byte(0);
    fields.name("jail", jail, this.#jails, readJail);
    const isLift = kind === "lift";
    const node = isLift ? change.by : change.origin;
    fields.name(isLift ? "by" : "origin", node, this.#nodes, readOrigin);
    if (isLift && isImportOrigin(node)) fields.refuse("by");
    const form = KINDS.indexOf(kind) | fields.whom(address);
    fields.number("agoMs", agoMs, MAX_SPAN_MS);
    fields.bytes.set(formAt, form | this.#rest(change));
  }

  /**
   * Copies the body up to a length.
   *
   * @param broken A member that breaks a rule of the whole body.
   * @throws {TypeError} when a member breaks its grammar or bound.
   */
  body(kind: string, broken: string | undefined, length = this.length) {
    return this.#fields.body(kind, broken, length);
  }

  /** Writes the members of a report only. @returns Their bits of `form`. */
  #rest(change: WireChange): number {
    if (change.kind !== "report") return 0;
    const { isPending, remainingMs } = change;
    if (typeof isPending !== "boolean") this.#fields.refuse("isPending");
    const pending = isPending ? IS_PENDING : 0;
    if (remainingMs === null) return pending | IS_ENDLESS;
    this.#fields.number("remainingMs", remainingMs, MAX_SPAN_MS);
    return pending;
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
    return WRITER.body("CHANGES", broken);
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

/** Whether a further request would advance. */
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
 * Encodes any number of changes as bodies of C, each with as many as fit.
 *
 * @param epoch The epoch of the changes' numbers.
 * @param changes Consecutive changes.
 * @throws {TypeError} when a member breaks its grammar or bound; the error
 *   names the member, without its value.
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
      bodies.push(WRITER.body("C", broken, length));
      WRITER.begin(epoch, change.seq - 1);
      WRITER.add(change);
      count = 0;
    }
    count++;
  }
  bodies.push(WRITER.body("C", broken));
  return bodies;
}

function followEachOther(changes: readonly WireChange[], from: number) {
  return changes.every(({ seq }, at) => seq === from + 1 + at);
}

/** Reads an epoch: any sixteen octets are valid. */
function readEpoch(bytes: ByteReader): Epoch {
  return bytes.bytes(EPOCH_BYTES).toHex() as Epoch;
}

/** Reads a block, up to the end of the body. */
function readChanges(bytes: ByteReader) {
  const from = bytes.number("from");
  const changes: WireChange[] = [];
  const names: Names = {
    jails: new NameReader(readJail),
    nodes: new NameReader(readOrigin),
  };
  while (!bytes.isAtEnd && bytes.refused === undefined) {
    const seq = from + changes.length + 1;
    if (changes.length === MAX_CHANGES) bytes.refuse("changes");
    if (seq > MAX_NUMBER) bytes.refuse("seq");
    changes.push(readChange(bytes, names, seq));
  }
  return { from, changes };
}

interface Names {
  readonly jails: NameReader<JailName>;
  readonly nodes: NameReader<HostName>;
}

function readChange(
  bytes: ByteReader,
  { jails, nodes }: Names,
  seq: number,
): WireChange {
  const form = bytes.byte();
  const kind = KINDS[form & KIND_BITS] ?? "lift";
  if (!isForm(form)) bytes.refuse("kind");
  const jail = jails.read(bytes, "jail");
  const nodeName = kind === "lift" ? "by" : "origin";
  const node = nodes.read(bytes, nodeName);
  const address = readWhom(bytes, form);
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

/** Whether a `form` is valid: only reports have the other bits. */
function isForm(form: number): boolean {
  const kind = form & KIND_BITS;
  const more = kind === 0 ? IS_PENDING | IS_ENDLESS | IS_TEXT : IS_TEXT;
  return kind < KINDS.length && (form & ~(KIND_BITS | more)) === 0;
}
