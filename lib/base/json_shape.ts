/**
 * Shapes: the types of the values in messages. One description serves both
 * directions, since the body of a message on the wire is the JSON of the
 * message in memory, member by member.
 *
 * A shape returns a fresh value with its members in the documented order. It
 * reads only the members that it knows by name; others, `__proto__` included,
 * are never looked at.
 *
 * @module
 */

/** The state of reading a value, up to the first invalid part. */
export interface Reading {
  /** Whether an object with an unknown member is rejected. */
  readonly isExact: boolean;
  /**
   * The name of the rejected member; `fields`: an object has the wrong members.
   */
  reason: string | undefined;
}

/** The type of a value. */
export interface Shape<T> {
  /**
   * Reads a value.
   *
   * @returns The value, or `undefined` and the reason in `reading`.
   */
  read(value: unknown, reading: Reading): T | undefined;
}

/** The shapes of the members of an object, in the order of the wire. */
export type Members<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** A value of one kind among several. */
type OfKind<U, K> = Extract<U, { readonly kind: K }>;

/** Text of a grammar; `parse` returns `undefined` for invalid text. */
export function text<T extends string>(
  name: string,
  parse: (text: string) => T | undefined,
): Shape<T> {
  return {
    read: (value, reading) =>
      (typeof value === "string" ? parse(value) : undefined) ??
        refuse(reading, name),
  };
}

/** One of several words. */
export function oneOf<T extends string>(
  name: string,
  words: readonly T[],
): Shape<T> {
  return text(name, (text) => words.find((word) => word === text));
}

/** A whole number from `min` to `max`. */
export function integer(
  name: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): Shape<number> {
  return {
    read: (value, reading) =>
      Number.isSafeInteger(value) && Number(value) >= min &&
        Number(value) <= max
        ? Number(value)
        : refuse(reading, name),
  };
}

/** `true` or `false`. */
export function flag(name: string): Shape<boolean> {
  return {
    read: (value, reading) =>
      typeof value === "boolean" ? value : refuse(reading, name),
  };
}

/** A value or `null`. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    read: (value, reading) =>
      value === null ? null : shape.read(value, reading),
  };
}

/** A list of `min` to `max` values; a longer one is rejected unread. */
export function list<T>(
  name: string,
  shape: Shape<T>,
  min: number,
  max: number,
): Shape<readonly T[]> {
  return {
    read: (value, reading) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        return refuse(reading, name);
      }
      const items: T[] = [];
      for (const element of value) {
        const item = shape.read(element, reading);
        if (item === undefined) return undefined;
        items.push(item);
      }
      return items;
    },
  };
}

/** An object with these members. */
export function record<T>(members: Members<T>): Shape<T> {
  const entries = Object.entries<Shape<unknown>>(members);
  return {
    read: (value, reading) => {
      if (!isObject(value)) return refuse(reading, "fields");
      if (reading.isExact && !hasExactly(value, entries)) {
        return refuse(reading, "fields");
      }
      const result: Record<string, unknown> = {};
      for (const [name, shape] of entries) {
        const member = shape.read(value[name], reading);
        if (member === undefined) return undefined;
        result[name] = member;
      }
      // Each of T's members was read by the shape of that member.
      return result as T;
    },
  };
}

/**
 * An object with these members, and either all of the others or none, as older
 * programs send it.
 */
export function recordAndMore<T, M>(
  members: Members<T>,
  more: Members<M>,
): Shape<T & Partial<M>> {
  // T without M's members is a T & Partial<M>, and so is T with all of them.
  const short = record<T>(members) as Shape<T & Partial<M>>;
  const long = record<T & M>({ ...members, ...more } as Members<T & M>);
  const names = Object.keys(more);
  const hasMore = (value: unknown) =>
    isObject(value) && names.some((name) => Object.hasOwn(value, name));
  return {
    read: (value, reading) =>
      (hasMore(value) ? long : short).read(value, reading),
  };
}

/** An object whose `kind` determines its members. */
export function variants<U extends { readonly kind: string }>(
  kinds: { readonly [K in U["kind"]]: Members<Omit<OfKind<U, K>, "kind">> },
): Shape<U> {
  const shapes = new Map<unknown, Shape<U>>();
  for (const [word, members] of Object.entries(kinds)) {
    const kind = oneOf("kind", [word]);
    // The members of that kind, with the kind itself.
    shapes.set(word, record({ kind, ...members as object } as Members<U>));
  }
  return {
    read: (value, reading) => {
      if (!isObject(value) || !Object.hasOwn(value, "kind")) {
        return refuse(reading, "fields");
      }
      return shapes.get(value["kind"])?.read(value, reading) ??
        refuse(reading, reading.reason ?? "kind");
    },
  };
}

/** A shape with rules across several members; `name` is the member to blame. */
export function where<T>(
  shape: Shape<T>,
  ...rules: readonly (readonly [
    name: string,
    holds: (value: T) => boolean,
  ])[]
): Shape<T> {
  return {
    read: (value, reading) => {
      const result = shape.read(value, reading);
      if (result === undefined) return undefined;
      for (const [name, holds] of rules) {
        if (!holds(result)) return refuse(reading, name);
      }
      return result;
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasExactly(
  value: Record<string, unknown>,
  entries: readonly (readonly [name: string, shape: unknown])[],
): boolean {
  return Object.keys(value).length === entries.length &&
    entries.every(([name]) => Object.hasOwn(value, name));
}

function refuse(reading: Reading, reason: string): undefined {
  reading.reason = reason;
  return undefined;
}
