import { strictEqual } from "node:assert/strict";
import {
  banStorePath,
  SqliteBanStore,
} from "../../../lib/store/io/sqlite_ban_store.ts";
import { SharedMembersCluster } from "../../support/engine/shared_members_cluster.ts";
import { SharedNode } from "../../support/engine/shared_node.ts";
import { testWith } from "../../support/host/real_parts.ts";

const HUBS = ["hub1", "hub2"];
const REFUSED = /the log was set back.*hint: .*engine's own backup/s;

testWith(
  "etcd",
  "an engine that is set back to an older backup is refused, with the remedy: nothing is acknowledged or overwritten, and with the newer one all goes on",
  async () => {
    await using shared = await SharedMembersCluster.create();
    await shared.init("hub1");
    await shared.start("hub1");
    await shared.isActive("hub1");
    await shared.join("hub2", "hub1");
    await shared.start("hub2");
    const node = await SharedNode.join(shared, "web1", "hub1", 2);
    await node.bans("hub1", 2);
    const older = await shared.etcd.save(0);
    await node.bans(await shared.active(), 2);
    for (const hub of HUBS) await shared.hasCopy(hub, 4);
    const newer = await shared.etcd.save(0);

    await shared.etcd.putBack(0, older);
    await node.report(1);
    for (const hub of HUBS) await shared.ends(hub, REFUSED);
    await shared.refuses("hub1", REFUSED);
    for (const hub of HUBS) strictEqual(seqOf(shared, hub), 4);

    await shared.etcd.putBack(0, newer);
    for (const hub of HUBS) await shared.start(hub);
    await node.bans(await shared.active(), 1);
    for (const hub of HUBS) await shared.hasCopy(hub, 6);
    await node.expectAsItWas(6);
  },
);

/** The last number in the store of a publisher that has ended. */
function seqOf({ cluster }: SharedMembersCluster, hub: string): number {
  const path = banStorePath(cluster.stateDir(hub));
  using store = SqliteBanStore.open({
    ...{ path, durability: "process", isCopy: true },
  });
  return store.seq;
}
