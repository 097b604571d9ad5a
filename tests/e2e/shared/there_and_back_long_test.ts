import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { SharedMembersCluster } from "../../support/engine/shared_members_cluster.ts";
import { SharedNode } from "../../support/engine/shared_node.ts";
import { testWith } from "../../support/host/real_parts.ts";

testWith(
  "etcd",
  "a publisher alone becomes one of three, and alone again, on another host: nodes go on as they are, with the same epoch, numbers and history",
  async () => {
    await using shared = await SharedMembersCluster.create();
    await shared.initAlone("hub1");
    await shared.start("hub1");
    const node = await SharedNode.join(shared, "web1", "hub1", 3);
    await node.bans("hub1", 2);
    const { epoch } = await shared.cluster.figures("publisher", "hub1");

    await shared.setEngine("hub1", "/first/");
    await shared.restart("hub1");
    await shared.isActive("hub1");
    for (const hub of ["hub2", "hub3"]) {
      await shared.join(hub, "hub1");
      await shared.start(hub);
      await shared.hasCopy(hub, 2);
    }
    await node.bans("hub1", 1);
    await shared.operate("publisher handover hub2", "hub1");
    await shared.isActive("hub2");
    await node.bans("hub2", 1);

    for (const hub of ["hub1", "hub3"]) {
      strictEqual((await shared.hub(hub).end("SIGTERM")).code, 0);
      await shared.operate(`publisher remove ${hub}`, "hub2");
    }
    await shared.setEngine("hub2", undefined);
    await shared.restart("hub2");
    await node.bans("hub2", 2);
    strictEqual((await shared.hub("hub2").end("SIGTERM")).code, 0);
    // What it has by itself since then the log of the three lacks: nothing is merged.
    await shared.setEngine("hub2", "/first/");
    await shared.refuses("hub2", /this host's store has bans of its own/);
    // A log of another name begins with all of it.
    await shared.setEngine("hub2", "/second/");
    await shared.start("hub2");
    await node.bans("hub2", 1);

    const { seq, term, epoch: last } = await shared.cluster.figures(
      "publisher",
      "hub2",
    );
    deepStrictEqual([seq, term, last], [7, 1, epoch]);
    await node.expectAsItWas(7);
    strictEqual((await shared.hub("hub2").end("SIGTERM")).code, 0);
    const path = banStorePath(shared.cluster.stateDir("hub2"));
    using store = SqliteBanStore.open({ path, durability: "process" });
    const numbers = store.since(0, 9).map((change) => change.seq);
    deepStrictEqual(numbers, [1, 2, 3, 4, 5, 6, 7]);
  },
);
