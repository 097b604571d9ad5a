import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { HUBS, SharedCluster } from "../../support/engine/shared_cluster.ts";
import { testWith } from "../../support/host/real_parts.ts";

/** Half of the time that a line may wait with three hosts of their own: here all share two processors. */
const WORST_MS = 10_000;

type Fault = (shared: SharedCluster) => Promise<void>;

const FAULTS: Readonly<Record<string, Fault>> = {
  "the active one is killed": async (shared) => {
    const active = await shared.active();
    await shared.hub(active).end("SIGKILL");
    await shared.active(active);
    await shared.startHub(active);
  },
  "the active one is stopped": async (shared) => {
    const active = await shared.active();
    const { code } = await shared.hub(active).end("SIGTERM");
    strictEqual(code, 0);
    await shared.active(active);
    await shared.startHub(active);
  },
  "the active one is frozen, and goes on": async (shared) => {
    const active = await shared.active();
    shared.hub(active).signal("SIGSTOP");
    await shared.active(active);
    shared.hub(active).signal("SIGCONT");
    await shared.hub(active).waitForLine(/this publisher steps down/);
  },
  "the leader of etcd is killed": async (shared) => {
    const leader = await shared.etcd.leader();
    await shared.etcd.kill(leader);
    await shared.etcd.leader();
    shared.etcd.startAgain(leader);
  },
};

testWith(
  "etcd",
  "three publishers with one table: whichever dies, stops or freezes, nothing is lost, nothing is told twice, and all copies are the same",
  async (t) => {
    await using shared = await SharedCluster.start();
    await shared.write(20);
    await shared.allTold();
    for (const [name, fault] of Object.entries(FAULTS)) {
      await t.step(name, async () => {
        shared.worstMs();
        const writing = shared.write(200, 15);
        await fault(shared);
        await writing;
        await shared.allTold();
        const worstMs = Math.round(shared.worstMs());
        ok(worstMs < WORST_MS, `${worstMs} ms`);
      });
    }
    deepStrictEqual(shared.told(), shared.written);
    const [first = [], ...others] = await Promise.all(
      HUBS.map((hub) => shared.copied(hub)),
    );
    strictEqual(first.length, shared.written.length);
    for (const other of others) deepStrictEqual(other, first);
    const { snapshots } = await shared.cluster.figures("subscriber", "web2");
    strictEqual(snapshots, 1);
  },
);
