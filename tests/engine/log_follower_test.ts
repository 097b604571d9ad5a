import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import { LogFollower, OtherLogError } from "../../lib/engine/log_follower.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import { encodeStep } from "../../lib/engine/shared_step.ts";
import { MemoryCopyStore } from "../support/memory/memory_copy_store.ts";
import {
  MemoryLogServer,
  MemorySharedLog,
} from "../support/memory/memory_shared_log.ts";
import { NOW_MS, reports, unnamed } from "../support/values/stored_changes.ts";

const { signal } = new AbortController();
const OTHER = "ffeeddccbbaa99887766554433221100" as Epoch;

/** A log with so many changes, one a record, and a way to it. */
async function logOf(count: number) {
  const server = new MemoryLogServer();
  const log = new MemorySharedLog(server);
  const first = new MemoryCopyStore();
  const follower = new LogFollower({ log, copy: first, newId: () => "base" });
  await follower.begin(signal);
  for (const change of reports(count)) {
    const { id: previous, index } = server.head;
    const step = await encodeStep({
      kind: "append",
      nowMs: NOW_MS,
      entries: [unnamed(change)],
    });
    const id = `r${index + 1}`;
    await log.append(
      { index: index + 1, id, previous, step },
      server.versions,
    );
  }
  return { server, log, follower, first };
}

function viewOf(server: MemoryLogServer) {
  const { view } = server;
  ok(view);
  return view;
}

Deno.test("an empty copy takes the epoch of the log, and has what the first has", async () => {
  const { server, log, follower, first } = await logOf(150);
  await follower.catchUp(viewOf(server), signal);
  const copy = new MemoryCopyStore(OTHER);
  const second = new LogFollower({ log, copy, newId: () => "other" });
  await second.catchUp(viewOf(server), signal);
  strictEqual(copy.epoch, first.epoch);
  deepStrictEqual(copy.since(0, 150), first.since(0, 150));
  deepStrictEqual(copy.applied, { index: 150, id: "r150" });
  // Nothing is applied twice.
  await second.catchUp(viewOf(server), signal);
  strictEqual(copy.seq, 150);
});

Deno.test("a silent log leaves the copy where it was, to go on from there", async () => {
  const { server, log, follower, first } = await logOf(100);
  log.faults.push(undefined, "before");
  await rejects(follower.catchUp(viewOf(server), signal), NoLogError);
  deepStrictEqual(first.applied, { index: 64, id: "r64" });
  await follower.catchUp(viewOf(server), signal);
  strictEqual(first.seq, 100);
});

Deno.test("what does not chain is refused with the remedy, and nothing is overwritten", async (t) => {
  const set = async (
    name: string,
    remedy: RegExp,
    change: (server: MemoryLogServer, copy: MemoryCopyStore) => void,
  ) => {
    await t.step(name, async () => {
      const { server, follower, first } = await logOf(4);
      await follower.catchUp(viewOf(server), signal);
      const had = first.since(0, 10);
      change(server, first);
      await rejects(follower.catchUp(viewOf(server), signal), (error) => {
        ok(error instanceof OtherLogError);
        ok(remedy.test(error.hint ?? ""), error.hint);
        return true;
      });
      deepStrictEqual(first.since(0, 10).slice(0, 4), had);
    });
  };
  await set("the log was set back", /etcd's own|engine's own/, (server) => {
    server.records.pop();
  });
  await set("the log was set back, and went on as far", /aside/, (server) => {
    const last = server.records.pop();
    if (last !== undefined) server.records.push({ ...last, id: "another" });
  });
  await set("the log was set back, and went on", /aside/, (server) => {
    const last = server.records.pop();
    if (last === undefined) return;
    server.records.push({ ...last, id: "another" });
    server.records.push({ ...last, index: 5, id: "r5", previous: "another" });
  });
  await set(
    "the log was trimmed beyond the copy",
    /last snapshot/,
    (server) => {
      server.records = [{
        ...{ index: 9, id: "r9", previous: "r8" },
        step: new Uint8Array(),
      }];
    },
  );
  await set("the log is of another cluster", /aside/, (server) => {
    if (server.base !== undefined) {
      server.base = { ...server.base, epoch: OTHER };
    }
  });
});

Deno.test("a copy of a log does not begin an empty one", async () => {
  const { follower } = await logOf(0);
  await rejects(follower.begin(signal), OtherLogError);
});

Deno.test("a store with bans begins a log, and is not lost where the answer is", async () => {
  const server = new MemoryLogServer();
  const log = new MemorySharedLog(server);
  const copy = new MemoryCopyStore();
  await copy.append(reports(3).map(unnamed), NOW_MS);
  const follower = new LogFollower({ log, copy, newId: () => "base" });
  log.faults.push("after");
  await rejects(follower.begin(signal), NoLogError);
  strictEqual(copy.applied, undefined);
  await follower.catchUp(viewOf(server), signal);
  deepStrictEqual(copy.applied, { index: 0, id: "base" });
  // An empty host needs what was before the log.
  const empty = new LogFollower({
    ...{ log, copy: new MemoryCopyStore(OTHER), newId: () => "x" },
  });
  await rejects(empty.catchUp(viewOf(server), signal), OtherLogError);
});
