import type { Address } from "../../../lib/base/address.ts";
import type { RuntimeError } from "../../../lib/base/errors.ts";
import type { ImportName } from "../../../lib/base/operator_name.ts";
import type {
  ImportRecords,
  ListedAddress,
  StoredImport,
} from "../../../lib/ban/import_records.ts";

/** Records of imports in memory. */
export class MemoryImports implements ImportRecords {
  readonly #failure: () => RuntimeError | undefined;
  readonly #imports = new Map<ImportName, StoredImport>();
  readonly #lists = new Map<number, Map<Address, number>>();

  /** @param failure Gives an error to reject all writes with. */
  constructor(failure: () => RuntimeError | undefined) {
    this.#failure = failure;
  }

  all(): readonly StoredImport[] {
    return [...this.#imports.values()]
      .sort((left, right) => left.name < right.name ? -1 : 1);
  }

  newList(): number {
    const used = this.all().map(({ list }) => list);
    return Math.max(0, ...used, ...this.#lists.keys()) + 1;
  }

  stage(list: number, entries: readonly ListedAddress[]): Promise<void> {
    return this.#keep(() => {
      const known = this.#lists.get(list) ?? new Map<Address, number>();
      for (const { address, sinceMs } of entries) known.set(address, sinceMs);
      this.#lists.set(list, known);
    });
  }

  take(imported: StoredImport): Promise<void> {
    return this.#keep(() => {
      this.#imports.set(imported.name, imported);
    });
  }

  forget(name: ImportName): Promise<void> {
    return this.#keep(() => {
      this.#imports.delete(name);
    });
  }

  entries(
    list: number,
    after: Address | undefined,
    max: number,
  ): readonly ListedAddress[] {
    return [...this.#lists.get(list) ?? []]
      .filter(([address]) => address > (after ?? ""))
      .sort(([left], [right]) => left < right ? -1 : 1)
      .slice(0, max)
      .map(([address, sinceMs]) => ({ address, sinceMs }));
  }

  sinceMs(list: number, address: Address): number | undefined {
    return this.#lists.get(list)?.get(address);
  }

  sweep(max: number): Promise<boolean> {
    return this.#keep(() => {
      const wanted = new Set(this.all().map(({ list }) => list));
      for (const [list, entries] of this.#lists) {
        if (wanted.has(list)) continue;
        const swept = [...entries.keys()].slice(0, max);
        for (const address of swept) entries.delete(address);
        if (entries.size === 0) this.#lists.delete(list);
        if (swept.length > 0) return true;
      }
      return false;
    });
  }

  #keep<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      const failure = this.#failure();
      if (failure !== undefined) throw failure;
      resolve(work());
    });
  }
}
