/**
 * Snapshots in etcd.
 *
 * Keys, each behind the prefix: `snap/last`, and `snap/NAME/` with the piece's
 * number in 8 digits. Versions are etcd's `mod_revision`.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { integer, type Reading, record, text } from "../base/json_shape.ts";
import type { EtcdGateway } from "./etcd_gateway.ts";
import { foundIn } from "./etcd_log.ts";
import type {
  SeenSnapshot,
  SharedSnapshots,
  SnapshotMark,
} from "./shared_snapshots.ts";

const LAST = "snap/last";
/** Names begin with a digit, so this sorts before them. */
const FIRST = "snap/0";
const DIGITS = 8;
/** A piece is large, and no publisher's lead depends on it. */
const PIECE_TIMEOUT_MS = 15_000;
const anyText = (name: string) => text(name, (value: string) => value);
const MARK = record<SnapshotMark>({
  ...{ index: integer("index", 0), id: anyText("id") },
  ...{ name: anyText("name"), pieces: integer("pieces", 1) },
  bytes: integer("bytes", 1),
});

/** One publisher's access to the snapshots. */
export class EtcdSnapshots implements SharedSnapshots {
  readonly #client: EtcdGateway;
  readonly #prefix: string;

  /**
   * @param client A gateway to etcd.
   * @param prefix Prefix of all keys, with a trailing slash.
   */
  constructor(client: EtcdGateway, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async last(signal: AbortSignal): Promise<SeenSnapshot> {
    const [found] = await this.#find(LAST, signal);
    if (found === undefined) return { last: undefined, version: 0 };
    return { last: readMark(found.value), version: found.version };
  }

  async put(
    name: string,
    at: number,
    piece: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#client.ask(
      "/v3/kv/put",
      {
        key: this.#key(pieceKey(name, at)),
        value: piece.toBase64(),
      },
      signal,
      PIECE_TIMEOUT_MS,
    );
  }

  async finish(
    mark: SnapshotMark,
    seen: SeenSnapshot,
    signal: AbortSignal,
  ): Promise<boolean> {
    const key = this.#key(LAST);
    const value = new TextEncoder().encode(JSON.stringify(mark)).toBase64();
    // Another host may be reading the previous last snapshot.
    const end = this.#key(`snap/${(seen.last ?? mark).name}`);
    const version = String(seen.version);
    const { succeeded } = await this.#client.ask("/v3/kv/txn", {
      compare: [{ key, target: "MOD", result: "EQUAL", mod_revision: version }],
      success: [
        { request_put: { key, value } },
        {
          request_delete_range: { key: this.#key(FIRST), range_end: end },
        },
      ],
      failure: [],
    }, signal);
    return succeeded === true;
  }

  async read(
    name: string,
    at: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = pieceKey(name, at);
    const [found] = await this.#find(piece, signal, PIECE_TIMEOUT_MS);
    return found?.value;
  }

  async #find(name: string, signal: AbortSignal, timeoutMs?: number) {
    const asked = { key: this.#key(name) };
    const path = "/v3/kv/range";
    return foundIn(await this.#client.ask(path, asked, signal, timeoutMs));
  }

  #key(name: string): string {
    return new TextEncoder().encode(`${this.#prefix}${name}`).toBase64();
  }
}

function pieceKey(name: string, at: number): string {
  return `snap/${name}/${String(at).padStart(DIGITS, "0")}`;
}

function readMark(bytes: Uint8Array<ArrayBuffer>): SnapshotMark {
  const reading: Reading = { isExact: true, reason: undefined };
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const mark = MARK.read(value, reading);
    if (mark !== undefined) return mark;
  } catch (error) {
    cause = error;
  }
  throw new RuntimeError(
    `the last snapshot in etcd is not as it was written: "${reading.reason}"`,
    {
      hint:
        "does something else write to publisher.engineprefix? Put etcd's backup back: docs/PUBLISHERS.md",
      cause,
    },
  );
}
