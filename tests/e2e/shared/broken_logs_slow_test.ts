import { deepStrictEqual, match } from "node:assert/strict";
import {
  BROKEN_LOGS,
  type BrokenLogName,
} from "../../support/engine/broken_appends.ts";
import { wrongs } from "../../support/engine/fault_run.ts";
import { SharedHosts } from "../../support/engine/shared_hosts.ts";
import { SharedLoad } from "../../support/engine/shared_load.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { pass } from "../../support/host/side_by_side.ts";

const PROGRAM = "tests/support/engine/programs/broken_publisher.ts";
const PER_SECOND = 200;
/** Under load, before and after each fault. */
const LOADED_MS = 3_000;

/** What has to be noticed. */
const NOTICED = {
  "is as it should be": undefined,
  "compares nothing": /lost from|changes that are others|ended/,
  "answers before it has a record": /lost from/,
} satisfies Record<BrokenLogName, RegExp | undefined>;

/** The active one is frozen until another one is active, then that one is killed. */
async function freezeAndKill(shared: SharedHosts): Promise<void> {
  const frozen = await shared.active();
  shared.hub(frozen).signal("SIGSTOP");
  const killed = await shared.active(frozen);
  await pass(LOADED_MS);
  shared.hub(frozen).signal("SIGCONT");
  await pass(LOADED_MS);
  await shared.hub(killed).end("SIGKILL");
  await shared.active(killed);
  await shared.startHub(killed);
}

/** What is wrong after faults, with a publisher over such a log. */
async function wrongsWith(name: BrokenLogName): Promise<readonly string[]> {
  const publisher = [PROGRAM, name];
  await using shared = await SharedHosts.start({ publisher });
  const load = new SharedLoad(shared, PER_SECOND);
  load.begin();
  await pass(LOADED_MS);
  await freezeAndKill(shared);
  await pass(LOADED_MS);
  if (NOTICED[name] === undefined) {
    await load.end();
    return await wrongs(shared, load, await load.copied());
  }
  // Nobody knows how many there will be in the end.
  await load.stop();
  await pass(LOADED_MS);
  const ended = shared.hubs.filter((hub) => shared.hub(hub).hasEnded);
  const copies = shared.hubs.filter((hub) => !ended.includes(hub))
    .map((hub) => load.copyOf(hub));
  const found = await wrongs(shared, load, copies);
  return [...found, ...ended.map((hub) => `${hub} ended`)];
}

for (const name of Object.keys(BROKEN_LOGS) as BrokenLogName[]) {
  testWith(
    ["etcd", "netns", "nftables"],
    `publishers with one table over a log that ${name}: what faults do to it is seen`,
    async () => {
      const found = await wrongsWith(name);
      const expected = NOTICED[name];
      if (expected === undefined) deepStrictEqual(found, []);
      else match(found.join("\n"), expected);
    },
  );
}
