/**
 * The stack machine that reads Python's pickles and calls nothing. Use it
 * through `pickle.ts`, which explains it.
 *
 * @see {@link https://docs.python.org/3/library/pickletools.html | pickletools}
 * @module
 */

/**
 * Maximum size of an answer, in bytes: 100,000 bans of a jail with their times.
 */
export const MAX_ANSWER_BYTES = 16 * 1_048_576;
/** Maximum depth of nested lists; answers of fail2ban have five levels. */
const MAX_DEPTH = 16;
/** Maximum number of values in an answer. */
const MAX_VALUES = 1_000_000;

/** A requested call, which was not made. */
export interface PickledCall {
  /** The function: `fail2ban.exceptions.UnknownJailException`. */
  readonly called: string;
  /** The arguments. */
  readonly args: readonly PickleValue[];
}

/** A value in an answer. Lists and tuples are the same here. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | readonly PickleValue[]
  | ReadonlyMap<string, PickleValue>
  | PickledCall;

/** A pickle that no fail2ban sends. */
export class PickleError extends Error {
  override readonly name = "PickleError";
}

/** A function or class, before it is called. */
class Global {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

const MARK = Symbol("mark");
type Item = PickleValue | Global | typeof MARK;

/** Reads one pickle. */
export class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, Item>();
  readonly #depths = new WeakMap<object, number>();
  #at = 0;
  #values = 0;

  /** @param bytes The pickle, without the marker. */
  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_ANSWER_BYTES) fail("too long");
    this.#bytes = bytes;
    this.#view = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
  }

  /**
   * Runs the pickle.
   *
   * @throws {PickleError} when it is not one of fail2ban's.
   */
  run(): PickleValue {
    while (true) {
      const opcode = this.uint8();
      if (opcode === 0x2e) return this.#result();
      const instruction = INSTRUCTIONS[opcode];
      if (instruction === undefined) {
        fail(`instruction 0x${opcode.toString(16)}`);
      }
      instruction(this);
    }
  }

  protocol(): void {
    if (this.uint8() > 5) fail("protocol");
  }

  skip(length: number): void {
    this.#read(length);
  }

  uint8(): number {
    return this.#bytes[this.#read(1)] ?? 0;
  }

  uint16(): number {
    return this.#view.getUint16(this.#read(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#read(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#read(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#read(8), false);
  }

  /** Reads an integer of any length: two's complement, little-endian. */
  long(): number {
    const length = this.uint8();
    const start = this.#read(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--) {
      value = value * 256n + BigInt(this.#bytes[start + index] ?? 0);
    }
    const number = Number(BigInt.asIntN(length * 8, value));
    if (!Number.isSafeInteger(number)) fail("number");
    return number;
  }

  text(length: number): string {
    const start = this.#read(length);
    // Invalid UTF-8 comes from user names in a log, which are only displayed.
    return DECODER.decode(this.#bytes.subarray(start, start + length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end === -1) fail("its end is missing");
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }

  push(item: Item): void {
    if (++this.#values > MAX_VALUES) fail("too many values");
    this.#stack.push(item);
  }

  pop(): PickleValue {
    const item = this.#popItem();
    if (item === MARK || item instanceof Global) fail("order");
    return item;
  }

  popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at === -1) fail("order");
    const items = this.#stack.splice(at).slice(1);
    return items.map((item) => {
      if (item === MARK || item instanceof Global) fail("order");
      return item;
    });
  }

  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  append(values: readonly PickleValue[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) fail("order");
    for (const value of values) {
      this.#nest(list, value);
      (list as PickleValue[]).push(value);
    }
  }

  setItems(values: readonly PickleValue[]): void {
    const map = this.#stack.at(-1);
    if (!(map instanceof Map) || values.length % 2 !== 0) fail("order");
    for (let index = 0; index < values.length; index += 2) {
      const key = values[index];
      const value = values[index + 1] ?? null;
      if (typeof key !== "string") fail("key");
      this.#nest(map, value);
      (map as Map<string, PickleValue>).set(key, value);
    }
  }

  tuple(values: PickleValue[]): void {
    for (const value of values) this.#nest(values, value);
    this.push(values);
  }

  global(module?: PickleValue, name?: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") fail("name");
    this.push(new Global(`${module}.${name}`));
  }

  /**
   * fail2ban sends addresses as a call of `str`, and errors as a call of their
   * class.
   */
  reduce(): void {
    const args = this.pop();
    const callee = this.#popItem();
    if (!(callee instanceof Global) || !Array.isArray(args)) fail("order");
    const [only] = args;
    if (TEXT_TYPES.has(callee.path)) {
      if (args.length !== 1 || typeof only !== "string") fail("text");
      return this.push(only);
    }
    const call: PickledCall = { called: callee.path, args };
    this.#nest(call, args);
    this.push(call);
  }

  memoize(index = this.#memo.size): void {
    const item = this.#stack.at(-1);
    if (item === undefined || item === MARK) fail("order");
    this.#memo.set(index, item);
  }

  /**
   * Lists can't be recalled: no answer needs that, and a list could contain
   * itself.
   */
  recall(index: number): void {
    const item = this.#memo.get(index);
    const isPart = typeof item === "object" && item !== null &&
      !(item instanceof Global);
    if (item === undefined || isPart) fail("reference");
    this.push(item);
  }

  #result(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#at < this.#bytes.length) fail("rest");
    return value;
  }

  #popItem(): Item {
    const item = this.#stack.pop();
    if (item === undefined) fail("order");
    return item;
  }

  #nest(outer: object, inner: PickleValue): void {
    if (typeof inner !== "object" || inner === null) return;
    const depth = (this.#depths.get(inner) ?? 1) + 1;
    if (depth > MAX_DEPTH) fail("too deep");
    if (depth > (this.#depths.get(outer) ?? 1)) this.#depths.set(outer, depth);
  }

  /** Advances; returns the position before. */
  #read(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) fail("its end is missing");
    this.#at = start + length;
    return start;
  }
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const TEXT_TYPES: ReadonlySet<string> = new Set([
  "builtins.str",
  "__builtin__.str",
  "__builtin__.unicode",
]);

const INSTRUCTIONS: Readonly<
  Record<number, (machine: PickleMachine) => void>
> = {
  0x80: (machine) => machine.protocol(), // PROTO
  0x95: (machine) => machine.skip(8), // FRAME
  0x94: (machine) => machine.memoize(), // MEMOIZE
  0x71: (machine) => machine.memoize(machine.uint8()), // BINPUT
  0x72: (machine) => machine.memoize(machine.uint32()), // LONG_BINPUT
  0x68: (machine) => machine.recall(machine.uint8()), // BINGET
  0x6a: (machine) => machine.recall(machine.uint32()), // LONG_BINGET
  0x4e: (machine) => machine.push(null), // NONE
  0x88: (machine) => machine.push(true), // NEWTRUE
  0x89: (machine) => machine.push(false), // NEWFALSE
  0x4b: (machine) => machine.push(machine.uint8()), // BININT1
  0x4d: (machine) => machine.push(machine.uint16()), // BININT2
  0x4a: (machine) => machine.push(machine.int32()), // BININT
  0x8a: (machine) => machine.push(machine.long()), // LONG1
  0x47: (machine) => machine.push(machine.float64()), // BINFLOAT
  0x8c: (machine) => machine.push(machine.text(machine.uint8())), // SHORT_BINUNICODE
  0x58: (machine) => machine.push(machine.text(machine.uint32())), // BINUNICODE
  0x55: (machine) => machine.push(machine.text(machine.uint8())), // SHORT_BINSTRING
  0x54: (machine) => machine.push(machine.text(machine.uint32())), // BINSTRING
  0x28: (machine) => machine.push(MARK), // MARK
  0x5d: (machine) => machine.push([]), // EMPTY_LIST
  0x61: (machine) => machine.append([machine.pop()]), // APPEND
  0x65: (machine) => machine.append(machine.popToMark()), // APPENDS
  0x7d: (machine) => machine.push(new Map()), // EMPTY_DICT
  0x73: (machine) => machine.setItems(machine.popMany(2)), // SETITEM
  0x75: (machine) => machine.setItems(machine.popToMark()), // SETITEMS
  0x29: (machine) => machine.tuple([]), // EMPTY_TUPLE
  0x85: (machine) => machine.tuple(machine.popMany(1)), // TUPLE1
  0x86: (machine) => machine.tuple(machine.popMany(2)), // TUPLE2
  0x87: (machine) => machine.tuple(machine.popMany(3)), // TUPLE3
  0x74: (machine) => machine.tuple(machine.popToMark()), // TUPLE
  0x63: (machine) => machine.global(machine.line(), machine.line()), // GLOBAL
  0x93: (machine) => machine.global(...machine.popMany(2)), // STACK_GLOBAL
  0x52: (machine) => machine.reduce(), // REDUCE
};

function fail(what: string): never {
  throw new PickleError(`Cannot read the pickle: ${what}`);
}
