import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { OtherLogError } from "../../lib/engine/log_follower.ts";
import { MemberFollower } from "../../lib/engine/member_follower.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { withMember } from "../../lib/members/member_edits.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import { member } from "../support/cluster/members.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const LOOK_MS = 500;
const ONE = withMember(NO_MEMBERS, member("web1"), { by: "root", atMs: 1 });
const TWO = withMember(ONE, member("web2"), { by: "root", atMs: 2 });

interface Disk {
  list: MemberList | undefined;
  error: Error | undefined;
  writes: number;
}

/** A publisher that follows what a test has it find. */
function follow(first: MemberList | undefined) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const found: Omit<Disk, "writes"> = { list: first, error: undefined };
  const disk: Disk = { list: undefined, error: undefined, writes: 0 };
  const records = new MemoryLog();
  const follower = new MemberFollower({
    shared: {
      share: () =>
        found.error ? Promise.reject(found.error) : Promise.resolve(found.list),
    },
    copy: {
      read: () => Promise.resolve(disk.list),
      replace: (list) => {
        if (disk.error) return Promise.reject(disk.error);
        disk.list = list;
        disk.writes++;
        return Promise.resolve();
      },
    },
    ...{ clock, records },
  });
  const run = () => {
    const ended = follower.run(stop.signal);
    return async () => {
      stop.abort(new Error("stop"));
      await rejects(ended, /stop/);
    };
  };
  return { clock, stop, found, disk, records, follower, run };
}

Deno.test("each list is told once, in order, also one that came before anybody asked for changes", async () => {
  const { clock, found, follower, run } = follow(ONE);
  const end = run();
  await clock.advance(0);
  const { list } = follower;
  deepStrictEqual(list, ONE);
  found.list = TWO;
  await clock.advance(LOOK_MS);
  const ended = new AbortController();
  const changes = follower.changes(list, ended.signal);
  deepStrictEqual((await changes.next()).value, TWO);
  const next = changes.next();
  await clock.advance(3 * LOOK_MS);
  ended.abort(new Error("over"));
  strictEqual((await next).done, true);
  await end();
});

Deno.test("the copy follows, is written once for each list, and again when the disk took it not", async () => {
  const { clock, found, disk, records, run } = follow(undefined);
  const end = run();
  await clock.advance(2 * LOOK_MS);
  // Nobody has a list yet: an empty one in its place would be taken for one.
  strictEqual(disk.writes, 0);
  found.list = ONE;
  await clock.advance(3 * LOOK_MS);
  deepStrictEqual({ ...disk }, { list: ONE, error: undefined, writes: 1 });
  disk.error = new RuntimeError("no room");
  found.list = TWO;
  await clock.advance(3 * LOOK_MS);
  strictEqual(records.events.length, 1);
  disk.error = undefined;
  await clock.advance(LOOK_MS);
  deepStrictEqual(disk.list, TWO);
  await end();
});

Deno.test("silence changes nothing: the last list counts, and the next is taken", async () => {
  const { clock, found, follower, run } = follow(ONE);
  const end = run();
  await clock.advance(0);
  found.error = new NoLogError("silence");
  await clock.advance(3 * LOOK_MS);
  deepStrictEqual(follower.list, ONE);
  found.error = undefined;
  found.list = TWO;
  await clock.advance(LOOK_MS);
  deepStrictEqual(follower.list, TWO);
  await end();
});

Deno.test("whoever takes over waits until the list is known as it is now", async () => {
  const { clock, stop, found, follower } = follow(TWO);
  found.error = new NoLogError("silence");
  let isKnown = false;
  const known = follower.catchUp(stop.signal).then(() => isKnown = true);
  await clock.advance(3 * LOOK_MS);
  ok(!isKnown);
  found.error = undefined;
  await clock.advance(LOOK_MS);
  await known;
  deepStrictEqual(follower.list, TWO);
});

Deno.test("a list that is not this host's ends the publisher", async () => {
  const { found, follower, stop } = follow(ONE);
  found.error = new OtherLogError("set back");
  await rejects(follower.run(stop.signal), OtherLogError);
});
