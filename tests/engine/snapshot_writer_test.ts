import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { LeadState } from "../../lib/engine/lead_state.ts";
import {
  PIECE_BYTES,
  type SnapshotMark,
} from "../../lib/engine/shared_snapshots.ts";
import {
  snapshotBytes,
  SnapshotWriter,
  type TakeImage,
} from "../../lib/engine/snapshot_writer.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemorySnapshots } from "../support/memory/memory_snapshots.ts";

const { signal } = new AbortController();
const LIMITS = { records: 10, bytes: 1_000 };

/** A writer whose copy has so many records. */
function writerOf(snapshots: MemorySnapshots, name = "id") {
  const copy = { applied: { index: 0, id: "base" } };
  const host = {
    copy,
    role: "standby" as LeadState["role"],
    needsFirst: false,
    /** Lengths of the parts of an image. */
    parts: [3],
    images: 0,
  };
  const takeImage: TakeImage = () => {
    host.images++;
    return Promise.resolve({
      mark: copy.applied,
      bytes: async function* () {
        for (const length of host.parts) yield filled(length);
      },
      [Symbol.asyncDispose]: () => {
        host.images--;
        return Promise.resolve();
      },
    });
  };
  let ids = 0;
  const writer = new SnapshotWriter({
    ...{ snapshots, takeImage, copy, limits: LIMITS, chance: () => 0 },
    ...{ clock: new ManualClock(), records: new MemoryLog() },
    newId: () => `${name}${++ids}`,
    role: () => host.role,
    needsFirst: () => host.needsFirst,
  });
  const reach = (index: number) => copy.applied = { index, id: `r${index}` };
  return { writer, host, reach };
}

function filled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, at) => at % 251);
}

async function joined(
  snapshots: MemorySnapshots,
  mark: SnapshotMark,
): Promise<Uint8Array> {
  const parts = await Array.fromAsync(snapshotBytes(snapshots, mark, signal));
  return await new Blob(parts).bytes();
}

Deno.test("a standby writes a snapshot when so many records, or bytes of them, came since the last", async () => {
  const snapshots = new MemorySnapshots();
  const { writer, host, reach } = writerOf(snapshots);
  reach(9);
  strictEqual(await writer.writeIfDue(signal), false);
  reach(10);
  strictEqual(await writer.writeIfDue(signal), true);
  const { last } = snapshots.seen;
  deepStrictEqual(last, {
    ...{ index: 10, id: "r10", name: "0000000000000010-id1" },
    ...{ pieces: 1, bytes: 3 },
  });
  strictEqual(writer.lastIndex, 10);
  strictEqual(await writer.writeIfDue(signal), false);
  reach(11);
  const step = new Uint8Array(LIMITS.bytes);
  writer.note({ index: 11, id: "r11", previous: "r10", step });
  strictEqual(await writer.writeIfDue(signal), true);
  strictEqual(await writer.writeIfDue(signal), false);
  // What an image takes of the disk is given back.
  strictEqual(host.images, 0);
});

Deno.test("the active one leaves it to a standby for as long again", async () => {
  const { writer, host, reach } = writerOf(new MemorySnapshots());
  host.role = "active";
  reach(19);
  strictEqual(await writer.writeIfDue(signal), false);
  reach(20);
  strictEqual(await writer.writeIfDue(signal), true);
});

Deno.test("a log that begins with bans has a snapshot at once, so that others can join", async () => {
  const snapshots = new MemorySnapshots();
  const { writer, host } = writerOf(snapshots);
  host.role = "active";
  strictEqual(await writer.writeIfDue(signal), false);
  host.needsFirst = true;
  strictEqual(await writer.writeIfDue(signal), true);
  strictEqual(snapshots.seen.last?.index, 0);
  strictEqual(await writer.writeIfDue(signal), false);
});

Deno.test("of two that write at once one is the last, whole, with its own pieces", async () => {
  const snapshots = new MemorySnapshots();
  const [one, two] = [
    writerOf(snapshots, "one"),
    writerOf(snapshots, "two"),
  ];
  for (const { reach } of [one, two]) reach(10);
  two.host.parts = [7];
  const outcomes = await Promise.all(
    [one, two].map(({ writer }) => writer.writeIfDue(signal)),
  );
  deepStrictEqual(outcomes.sort(), [false, true]);
  const { last } = snapshots.seen;
  strictEqual(last && (await joined(snapshots, last)).length, last?.bytes);
});

Deno.test("snapshotBytes() gives what was taken, whatever the lengths of its parts, and says so when it is gone", async () => {
  const snapshots = new MemorySnapshots();
  const { writer, host, reach } = writerOf(snapshots);
  host.parts = [1, PIECE_BYTES - 1, 5, 2 * PIECE_BYTES];
  reach(10);
  await writer.writeIfDue(signal);
  const { last } = snapshots.seen;
  strictEqual(last?.pieces, 4);
  const expected = await new Blob(host.parts.map(filled)).bytes();
  ok(
    (await joined(snapshots, last)).every((byte, at) => byte === expected[at]),
  );
  strictEqual(last.bytes, expected.length);
  snapshots.pieces.clear();
  await rejects(joined(snapshots, last), RuntimeError);
});
