import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { HUBS, SharedCluster } from "../../support/engine/shared_cluster.ts";
import { testWith } from "../../support/host/real_parts.ts";

/** Lines of so long, 200 ms, may be on their way at any moment. */
const ON_THEIR_WAY = 15;

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
  "a standby's disk is lost": async (shared) => {
    const active = await shared.active();
    const standby = HUBS.find((hub) => hub !== active);
    ok(standby);
    await shared.hub(standby).end("SIGKILL");
    await shared.loseStore(standby);
    await shared.startHub(standby);
  },
  "two of three etcd are killed, and are back": async (shared) => {
    const leader = await shared.etcd.leader();
    const dead = [leader, (leader + 1) % HUBS.length];
    for (const at of dead) await shared.etcd.kill(at);
    const before = new Set(shared.told()).size;
    await shared.noneActive();
    // What was on its way when they died may have been told.
    ok(new Set(shared.told()).size <= before + ON_THEIR_WAY);
    for (const at of dead) shared.etcd.startAgain(at);
    await shared.active();
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
        const writing = shared.write(120, 15);
        await fault(shared);
        await writing;
        await shared.allTold();
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
