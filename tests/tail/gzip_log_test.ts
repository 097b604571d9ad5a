import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { GzipLog } from "../../lib/tail/gzip_log.ts";
import type { OpenedLog } from "../../lib/tail/ports.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A file in memory that gives little at once. */
class MemoryFile implements OpenedLog {
  readonly device = 1;
  readonly inode = 2;
  closed = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  facts() {
    return Promise.resolve({ sizeBytes: this.#bytes.length, modifiedMs: 7 });
  }

  readAt(offsetBytes: number, into: Uint8Array): Promise<number> {
    const part = this.#bytes.subarray(offsetBytes, offsetBytes + 100);
    const count = Math.min(part.length, into.length);
    into.set(part.subarray(0, count));
    return Promise.resolve(count);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

const SIZE_BYTES = 300_000;
/** Neither all alike nor like noise. */
const CONTENT = Uint8Array.from(
  { length: SIZE_BYTES },
  (_, index) => (index * index) >> 9,
);
const COMPRESSED = await gzip(CONTENT);

Deno.test("GzipLog gives at every place what was there before it was compressed, in any order", async () => {
  const reads = fc.array(
    fc.record({ at: fc.nat(SIZE_BYTES + 10), room: fc.nat(70_000) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(reads, async (reads) => {
      const log = new MemoryLog();
      await using opened = new GzipLog(
        new MemoryFile(COMPRESSED),
        "a",
        log,
      );
      for (const { at, room } of reads) {
        const into = new Uint8Array(room + 1);
        const count = await opened.readAt(at, into);
        strictEqual(count > 0, at < SIZE_BYTES);
        deepStrictEqual(into.subarray(0, count), CONTENT.slice(at, at + count));
      }
      deepStrictEqual(await opened.facts(), {
        sizeBytes: SIZE_BYTES,
        modifiedMs: 7,
      });
      deepStrictEqual(log.records, []);
    }),
    { numRuns: 20 },
  );
});

Deno.test("GzipLog closes the file once", async () => {
  const file = new MemoryFile(COMPRESSED);
  {
    await using opened = new GzipLog(file, "a", new MemoryLog());
    await opened.readAt(0, new Uint8Array(1));
  }
  strictEqual(file.closed, 1);
});

const DAMAGED: Readonly<Record<string, Uint8Array>> = {
  "that ends amid": COMPRESSED.slice(0, COMPRESSED.length / 2),
  "with a bit that flipped": COMPRESSED.with(
    COMPRESSED.length >> 1,
    ~(COMPRESSED[COMPRESSED.length >> 1] ?? 0) & 255,
  ),
  "that is none": new TextEncoder().encode("no gzip\n".repeat(100)),
  "that is empty": new Uint8Array(),
};

for (const [what, bytes] of Object.entries(DAMAGED)) {
  Deno.test(`GzipLog gives what is readable of a file ${what}, and tells once`, async () => {
    const log = new MemoryLog();
    await using opened = new GzipLog(new MemoryFile(bytes), "a.gz", log);
    const { sizeBytes } = await opened.facts();
    strictEqual((await opened.facts()).sizeBytes, sizeBytes);
    strictEqual(sizeBytes <= SIZE_BYTES, true);
    await opened.readAt(0, new Uint8Array(10));
    deepStrictEqual(
      log.records.map(({ severity, event, fields }) => [
        ...[severity, event],
        fields["log"],
      ]),
      [["error", "a compressed log is damaged, its rest is lost", "a.gz"]],
    );
  });
}

/** A file whose place is moved, and read from a moment later, as the system's are. */
class SeekingFile extends MemoryFile {
  readings = 0;

  override async readAt(offsetBytes: number, into: Uint8Array) {
    this.readings++;
    strictEqual(this.readings, 1, "two readings at once");
    strictEqual(this.closed, 0, "read after it was closed");
    await new Promise((resolve) => setTimeout(resolve));
    this.readings--;
    return await super.readAt(offsetBytes, into);
  }
}

Deno.test("GzipLog begins anew only when the reading before is over: the file has one place", async () => {
  const log = new MemoryLog();
  const start = new Uint8Array(10);
  const bytes = COMPRESSED.subarray(0, 2_000);
  for (let round = 0; round < 5; round++) {
    await using opened = new GzipLog(new SeekingFile(bytes), "a", log);
    await opened.readAt(0, start);
    await opened.readAt(1, start);
    await opened.readAt(0, start);
    deepStrictEqual(start, CONTENT.slice(0, start.length));
  }
});
