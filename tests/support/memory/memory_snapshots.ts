import type {
  SeenSnapshot,
  SharedSnapshots,
  SnapshotMark,
} from "../../../lib/engine/shared_snapshots.ts";

/** Snapshots in memory. */
export class MemorySnapshots implements SharedSnapshots {
  /** The pieces by name, in order. */
  readonly pieces = new Map<string, Uint8Array<ArrayBuffer>[]>();
  seen: SeenSnapshot = { last: undefined, version: 0 };

  last(): Promise<SeenSnapshot> {
    return Promise.resolve(this.seen);
  }

  put(
    name: string,
    at: number,
    piece: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const pieces = this.pieces.get(name) ?? [];
    pieces[at] = piece.slice();
    this.pieces.set(name, pieces);
    return Promise.resolve();
  }

  finish(mark: SnapshotMark, seen: SeenSnapshot): Promise<boolean> {
    if (seen.version !== this.seen.version) return Promise.resolve(false);
    const oldest = (seen.last ?? mark).name;
    for (const name of this.pieces.keys()) {
      if (name < oldest) this.pieces.delete(name);
    }
    this.seen = { last: mark, version: seen.version + 1 };
    return Promise.resolve(true);
  }

  read(
    name: string,
    at: number,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.pieces.get(name)?.[at]);
  }
}
