/**
 * Writes snapshots beside the shared log at intervals, so that a host that is
 * new, or was away for long, needs only the end of the log.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { CopyStore, RecordMark } from "../ban/ban_store.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { LeadState } from "./lead_state.ts";
import type { SharedRecord } from "./shared_log.ts";
import {
  PIECE_BYTES,
  type SeenSnapshot,
  type SharedSnapshots,
} from "./shared_snapshots.ts";

/** An image of a copy after a record; disposal frees its disk space. */
export interface CopyImage extends AsyncDisposable {
  /** The last record in it. */
  readonly mark: RecordMark;
  /** Its bytes, in parts of any length. */
  bytes(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Takes images of a host's copy while it is written to. */
export type TakeImage = () => Promise<CopyImage>;

/** Limits above which a snapshot is due. */
export interface SnapshotLimits {
  /** Number of records since the last one. */
  readonly records: number;
  /** Size of records since the last one in bytes, as far as they were seen. */
  readonly bytes: number;
}

/** Options for {@link SnapshotWriter}. */
export interface SnapshotWriterOptions {
  readonly snapshots: SharedSnapshots;
  readonly takeImage: TakeImage;
  readonly copy: Pick<CopyStore, "applied">;
  readonly clock: Clock;
  readonly records: Log;
  /** Creates a snapshot's ID. */
  readonly newId: () => string;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** The current role of this publisher. */
  readonly role: () => LeadState["role"];
  /** Whether the log begins with bans that are in no record. */
  readonly needsFirst: () => boolean;
  /** @default {SNAPSHOT_LIMITS} */
  readonly limits?: SnapshotLimits;
}

/** A quarter of what the log keeps: three may fail before a host misses one. */
export const SNAPSHOT_LIMITS: SnapshotLimits = {
  records: 50_000,
  bytes: 64 * 1024 * 1024,
};
/**
 * Interval between looks; a random part of it is added, so that two hosts
 * rarely write at once.
 */
const INTERVAL_MS = 10_000;
/** The interval while there is no record yet, and nothing to write. */
const FIRST_INTERVAL_MS = 1_000;
/**
 * The active publisher has other work: it waits for twice as many records, so
 * that it writes only if no standby does.
 */
const ACTIVE_FACTOR = 2;
const DIGITS = 16;

/** Writes snapshots of this host's copy if no other host did. */
export class SnapshotWriter {
  readonly #options: Required<SnapshotWriterOptions>;
  readonly #troubleLog: TroubleLog;
  #bytes = 0;
  #lastIndex = 0;

  /** @param options See {@link SnapshotWriterOptions}. */
  constructor(options: SnapshotWriterOptions) {
    this.#options = { limits: SNAPSHOT_LIMITS, ...options };
    const { records: log, clock } = options;
    this.#troubleLog = new TroubleLog({
      ...{ log, clock },
      trouble: "no snapshot of the shared log could be written",
      over: "snapshots of the shared log are written again",
    });
  }

  /** Record of the last known snapshot; 0: there is none. */
  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Counts a record in the log. */
  note({ step }: SharedRecord): void {
    this.#bytes += step.length;
  }

  /**
   * Writes snapshots until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, chance, copy } = this.#options;
    while (true) {
      try {
        await this.writeIfDue(signal);
        this.#troubleLog.resolve();
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        this.#troubleLog.report(error.message);
      }
      const intervalMs = copy.applied === undefined
        ? FIRST_INTERVAL_MS
        : INTERVAL_MS;
      await clock.delay(intervalMs * (1 + chance()), signal);
    }
  }

  /** Writes a snapshot if one is due. @returns Whether it did. */
  async writeIfDue(signal: AbortSignal): Promise<boolean> {
    const { snapshots, copy } = this.#options;
    if (copy.applied === undefined) return false;
    const seen = await snapshots.last(signal);
    const lastIndex = seen.last?.index ?? 0;
    if (lastIndex > this.#lastIndex) this.#bytes = 0;
    this.#lastIndex = lastIndex;
    if (!this.#isDue(seen, copy.applied)) return false;
    return await this.#write(seen, signal);
  }

  #isDue({ last }: SeenSnapshot, applied: RecordMark): boolean {
    const { limits, role, needsFirst } = this.#options;
    if (last === undefined && needsFirst()) return true;
    const factor = role() === "standby" ? 1 : ACTIVE_FACTOR;
    const records = applied.index - (last?.index ?? 0);
    return records >= factor * limits.records ||
      this.#bytes >= factor * limits.bytes;
  }

  async #write(seen: SeenSnapshot, signal: AbortSignal): Promise<boolean> {
    const { snapshots, takeImage, newId, records } = this.#options;
    await using image = await takeImage();
    const { mark } = image;
    const name = `${String(mark.index).padStart(DIGITS, "0")}-${newId()}`;
    let [pieces, bytes] = [0, 0];
    for await (const piece of inPieces(image.bytes())) {
      await snapshots.put(name, pieces++, piece, signal);
      bytes += piece.length;
    }
    const whole = { ...mark, name, pieces, bytes };
    if (!await snapshots.finish(whole, seen, signal)) {
      // It may have succeeded without an answer, so that the repetition was
      // refused.
      const { last } = await snapshots.last(signal);
      if (last?.name !== name) return false;
    }
    this.#lastIndex = mark.index;
    this.#bytes = 0;
    const event = "a snapshot of the shared log's table is written";
    records.record("notice", event, { record: mark.index, bytes });
    return true;
  }
}

/**
 * Reads a snapshot.
 *
 * @throws {RuntimeError} when it was deleted meanwhile: there is a later one.
 */
export async function* snapshotBytes(
  snapshots: Pick<SharedSnapshots, "read">,
  { name, pieces }: { readonly name: string; readonly pieces: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < pieces; at++) {
    const piece = await snapshots.read(name, at, signal);
    if (piece === undefined) {
      throw new RuntimeError("the snapshot of the shared log was replaced", {
        hint: "start the publisher again: it takes the later one",
      });
    }
    yield piece;
  }
}

/** Splits bytes into pieces that the engine accepts. */
async function* inPieces(
  parts: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(PIECE_BYTES);
  let length = 0;
  for await (const part of parts) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + PIECE_BYTES - length);
      piece.set(taken, length);
      length += taken.length;
      at += taken.length;
      if (length < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      length = 0;
    }
  }
  if (length > 0) yield piece.subarray(0, length);
}
