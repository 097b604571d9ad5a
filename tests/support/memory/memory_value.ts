/**
 * A stored value in memory.
 *
 * @module
 */

import type { StoredValue } from "../../../lib/members/stored_value.ts";

/** Keeps a value in memory. */
export class MemoryValue<T> implements StoredValue<T> {
  value: T | undefined;

  read(): Promise<T | undefined> {
    return Promise.resolve(this.value);
  }

  replace(value: T): Promise<void> {
    this.value = value;
    return Promise.resolve();
  }

  async edit(change: (value: T | undefined) => T): Promise<T> {
    await Promise.resolve();
    return this.value = change(this.value);
  }
}
