import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { EtcdSnapshots } from "../../lib/engine/etcd_snapshots.ts";
import { EtcdClient } from "../../lib/engine/io/etcd_client.ts";
import {
  PIECE_BYTES,
  type SharedSnapshots,
  type SnapshotMark,
} from "../../lib/engine/shared_snapshots.ts";
import {
  ANSWER_TIMEOUT_MS,
  EtcdServers,
} from "../support/engine/etcd_servers.ts";
import { testWith } from "../support/host/real_parts.ts";
import { MemorySnapshots } from "../support/memory/memory_snapshots.ts";

const { signal } = new AbortController();

function mark(index: number, id = "a"): SnapshotMark {
  const name = `${String(index).padStart(16, "0")}-${id}`;
  return { index, id: `r${index}`, name, pieces: 2, bytes: 2 * PIECE_BYTES };
}

/** All bytes there are, so that none is changed on the way. */
function piece(at: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(PIECE_BYTES).map((_, byte) => byte + at);
}

async function putBoth(
  snapshots: SharedSnapshots,
  { name }: SnapshotMark,
): Promise<void> {
  for (const at of [0, 1]) await snapshots.put(name, at, piece(at), signal);
}

/** What snapshots in memory and real do. */
async function show(snapshots: SharedSnapshots): Promise<void> {
  const none = await snapshots.last(signal);
  deepStrictEqual(none, { last: undefined, version: 0 });
  const [first, lost, second, third] = [
    mark(5),
    mark(6),
    mark(70),
    mark(100),
  ] as const;
  await putBoth(snapshots, first);
  await putBoth(snapshots, lost);
  strictEqual(await snapshots.finish(first, none, signal), true);
  // Who did not see it loses.
  strictEqual(await snapshots.finish(lost, none, signal), false);
  const seen = await snapshots.last(signal);
  deepStrictEqual(seen.last, first);
  for (const at of [0, 1]) {
    deepStrictEqual(await snapshots.read(first.name, at, signal), piece(at));
  }
  strictEqual(await snapshots.read(first.name, 2, signal), undefined);

  await putBoth(snapshots, second);
  strictEqual(await snapshots.finish(second, seen, signal), true);
  // Somebody may be reading the one that was the last.
  deepStrictEqual(await snapshots.read(first.name, 1, signal), piece(1));
  await putBoth(snapshots, third);
  const again = await snapshots.last(signal);
  strictEqual(await snapshots.finish(third, again, signal), true);
  for (const { name } of [first, lost]) {
    strictEqual(await snapshots.read(name, 0, signal), undefined);
  }
  deepStrictEqual(await snapshots.read(second.name, 0, signal), piece(0));
  deepStrictEqual((await snapshots.last(signal)).last, third);
}

Deno.test("MemorySnapshots keeps the last two, and only who saw the last one adds another", () =>
  show(new MemorySnapshots()));

testWith(
  "etcd",
  "EtcdSnapshots does the same, and what somebody else wrote there is refused",
  async () => {
    await using servers = await EtcdServers.start(1);
    using client = new EtcdClient({
      clock: new SystemClock(),
      urls: servers.urls,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const snapshots = new EtcdSnapshots(client, "/fail2ban-cluster/");
    await show(snapshots);
    await client.ask("/v3/kv/put", {
      key: new TextEncoder().encode("/fail2ban-cluster/snap/last").toBase64(),
      value: new TextEncoder().encode('{"index":1}').toBase64(),
    }, signal);
    await rejects(snapshots.last(signal), RuntimeError);
  },
);
