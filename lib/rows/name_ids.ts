/**
 * Assigns small numbers to names.
 *
 * @module
 */

/** The number of no name. */
export const NO_ID = 0;

/**
 * Numbers the names in use, from 1. The number of a name that is no longer used
 * is given to another one.
 *
 * @typeParam N The names.
 *
 * @example
 * ```ts
 * import { NameIds } from "./name_ids.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const jails = new NameIds<string>();
 * const id = jails.use("sshd");
 * strictEqual(jails.use("sshd"), id);
 * strictEqual(jails.nameOf(id), "sshd");
 * jails.letGo(id);
 * strictEqual(jails.uses("sshd"), 1);
 * ```
 */
export class NameIds<N extends string> {
  readonly #ids = new Map<N, number>();
  readonly #names: N[] = ["" as N];
  readonly #uses: number[] = [0];
  readonly #free: number[] = [];

  /** The number of a name; {@link NO_ID}: not in use. */
  idOf(name: N): number {
    return this.#ids.get(name) ?? NO_ID;
  }

  /** The name with a number in use. */
  nameOf(id: number): N {
    return this.#names[id] ?? "" as N;
  }

  /** How often a name is used. */
  uses(name: N): number {
    return this.#uses[this.idOf(name)] ?? 0;
  }

  /** The names in use. */
  names(): Iterable<N> {
    return this.#ids.keys();
  }

  /** The numbers in use. */
  ids(): Iterable<number> {
    return this.#ids.values();
  }

  /**
   * Adds a use of a name.
   *
   * @returns Its number.
   */
  use(name: N): number {
    const known = this.#ids.get(name);
    const id = known ?? this.#free.pop() ?? this.#names.length;
    if (known === undefined) {
      this.#ids.set(name, id);
      this.#names[id] = name;
      this.#uses[id] = 0;
    }
    this.useAgain(id);
    return id;
  }

  /** Adds a use of the name with a number. */
  useAgain(id: number): void {
    this.#uses[id] = (this.#uses[id] ?? 0) + 1;
  }

  /** Removes a use of the name with a number. */
  letGo(id: number): void {
    const uses = (this.#uses[id] ?? 0) - 1;
    this.#uses[id] = uses;
    if (uses > 0) return;
    this.#ids.delete(this.nameOf(id));
    this.#names[id] = "" as N;
    this.#free.push(id);
  }
}
