/**
 * Makes images of this host's store for other publishers, and installs theirs.
 *
 * @module
 */

import type { Clock } from "../../lib/async/clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { NoLogError, type SharedLog } from "../../lib/engine/shared_log.ts";
import type {
  SharedSnapshots,
  SnapshotMark,
} from "../../lib/engine/shared_snapshots.ts";
import {
  snapshotBytes,
  type TakeImage,
} from "../../lib/engine/snapshot_writer.ts";
import type { Log } from "../../lib/log/log.ts";
import {
  copyImage,
  followedLog,
  returnImage,
} from "../../lib/store/io/store_copies.ts";

/** Makes images of a store that is in use. */
export function imagesOf(path: string): TakeImage {
  return async () => {
    const image = `${path}.image`;
    const mark = await copyImage(path, image);
    if (mark === undefined) throw new Error("It follows no log");
    return {
      mark,
      bytes: async function* () {
        const file = await Deno.open(image);
        yield* file.readable.pipeThrough(new CompressionStream("gzip"));
      },
      [Symbol.asyncDispose]: () => removeIfThere(image),
    };
  };
}

/** Options for {@link fetchIfNeeded}. */
export interface SnapshotFetch {
  readonly log: Pick<SharedLog, "look" | "read">;
  readonly snapshots: Pick<SharedSnapshots, "last" | "read">;
  /** The store's path. */
  readonly path: string;
  readonly records: Log;
  readonly clock: Pick<Clock, "monotonicMs" | "delay">;
}

/** Longest wait for the first snapshot of a log that begins with bans. */
const FIRST_SNAPSHOT_MS = 20_000;
const LOOK_MS = 200;

/**
 * Replaces the store by the last snapshot if it is empty, or if the log no
 * longer reaches back to it. Keeps any other store, and keeps it while the
 * engine does not answer. A publisher whose bans begin the log writes its first
 * snapshot a moment later, so a new host waits for that one.
 *
 * @param signal Ends it; the promise then rejects with its reason.
 * @throws {RuntimeError} when the snapshot can't be read or stored.
 */
export async function fetchIfNeeded(
  fetch: SnapshotFetch,
  signal: AbortSignal,
): Promise<void> {
  const { snapshots, path, records } = fetch;
  try {
    const has = await recordsOf(fetch, signal);
    if (has === undefined) return;
    const last = await lastSnapshot(fetch, signal);
    if (last === undefined || last.index < has) return;
    const from = `${path}.fetched`;
    try {
      const bytes = snapshotBytes(snapshots, last, signal);
      await unpack(bytes, from);
      const before = await returnImage(from, path);
      const event = "this host's copy is made from the last snapshot";
      records.record("notice", event, {
        ...{ record: last.index, bytes: last.bytes },
        ...(before === undefined ? {} : { before }),
      });
    } finally {
      await removeIfThere(from);
    }
  } catch (error) {
    if (!(error instanceof NoLogError)) throw error;
  }
}

/**
 * Number of records of a store that can't continue without a snapshot.
 *
 * @returns `undefined` when the store can continue.
 */
async function recordsOf(
  { log, path }: SnapshotFetch,
  signal: AbortSignal,
): Promise<number | undefined> {
  const there = followedLog(path);
  if (there === undefined) return 0;
  const { applied, epoch, isEmpty } = there;
  if (applied === undefined) return isEmpty ? 0 : undefined;
  const view = await log.look(signal);
  // The follower refuses a store of another log, with a hint.
  if (view === undefined || view.base.epoch !== epoch) return undefined;
  if (view.head.index <= applied.index) return undefined;
  const [first] = await log.read(applied.index, 1, signal);
  const next = applied.index + 1;
  return first?.index === next ? undefined : next;
}

/** The last snapshot; waits for the first one where the records need it. */
async function lastSnapshot(
  { log, snapshots, clock }: SnapshotFetch,
  signal: AbortSignal,
): Promise<SnapshotMark | undefined> {
  const endMs = clock.monotonicMs() + FIRST_SNAPSHOT_MS;
  while (true) {
    const { last } = await snapshots.last(signal);
    if (last !== undefined || clock.monotonicMs() >= endMs) return last;
    const view = await log.look(signal);
    if (view === undefined || view.base.seq === 0) return undefined;
    await clock.delay(LOOK_MS, signal);
  }
}

async function unpack(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  path: string,
): Promise<void> {
  await removeIfThere(path);
  const file = await Deno.open(path, {
    ...{ write: true, createNew: true, mode: 0o600 },
  });
  try {
    await ReadableStream.from(bytes)
      .pipeThrough(new DecompressionStream("gzip"))
      .pipeTo(file.writable);
  } catch (error) {
    if (error instanceof RuntimeError || !(error instanceof Error)) throw error;
    throw new RuntimeError(
      `the snapshot of the shared log can't be unpacked: ${error.message}`,
      {
        hint: "is the disk full? Then start the publisher again",
        cause: error,
      },
    );
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
