import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { PublisherCommands } from "../../lib/cli/publisher_commands.ts";
import { PublisherGroup } from "../../lib/engine/publisher_group.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import { decodePublisherCode } from "../../lib/members/publisher_code.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemorySharedLog } from "../support/memory/memory_shared_log.ts";
import { MemorySharedValues } from "../support/memory/memory_shared_values.ts";
import { keysOf } from "../support/cluster/memberships.ts";
import { host } from "../support/values/core_values.ts";
import { typed } from "../support/values/typed_command.ts";

const IDENTITY = {
  keys: keysOf(1, 2),
  controlUrl: "tcp://192.0.2.1:5681",
  streamUrl: "tcp://192.0.2.1:5682",
};
const ENGINE = {
  urls: ["https://hub1:2379"],
  prefix: "/fail2ban-cluster/",
  authority: "a certificate",
  login: "user:password\n",
};

/** The desk on hub1's host. */
function desk() {
  const kept = { list: undefined as MemberList | undefined };
  const clock = new ManualClock();
  const commands = new PublisherCommands({
    identity: { read: () => Promise.resolve(IDENTITY) },
    list: {
      read: () => Promise.resolve(kept.list),
      edit: (change) => Promise.resolve(kept.list = change(kept.list)),
    },
    editor: { by: "root", atMs: 1_000 },
    ports: [5681, 5682],
    hostName: host("hub1"),
    group: new PublisherGroup({
      log: new MemorySharedLog(),
      values: new MemorySharedValues(),
      clock,
    }),
    engine: ENGINE,
  });
  return { kept, clock, commands };
}

function placesOf({ publishers = [] }: MemberList): readonly string[] {
  return publishers.map(({ name, controlUrl }) => `${name} ${controlUrl}`);
}

Deno.test("a publisher is added with all that it needs, and this host's is written down with the first", async () => {
  const { kept, commands } = desk();
  const { lines, notes } = await commands.add(typed("publisher add hub2"));
  const [name, code = ""] = lines[0]?.split(" ") ?? [];
  deepStrictEqual(decodePublisherCode(code), {
    name,
    keys: IDENTITY.keys,
    controlUrl: "tcp://hub2:5681",
    streamUrl: "tcp://hub2:5682",
    engine: ENGINE,
  });
  match(
    notes.join("\n"),
    /controlserver = tcp:\/\/192.0.2.1:5681, tcp:\/\/hub2:5681$/,
  );
  await commands.add(typed("publisher add hub3 --address 192.0.2.3"));
  deepStrictEqual(placesOf(kept.list ?? NO_MEMBERS), [
    "hub1 tcp://192.0.2.1:5681",
    "hub2 tcp://hub2:5681",
    "hub3 tcp://192.0.2.3:5681",
  ]);
});

Deno.test("publishers are listed, those that are away too, and removed once", async () => {
  const { kept, clock, commands } = desk();
  await commands.add(typed("publisher add hub2"));
  const listed = commands.list(typed("publisher list"));
  await clock.advance(3_000);
  deepStrictEqual((await listed).lines, [
    "PUBLISHER  ROLE  TERM  BEHIND  NODES REACH IT AT",
    "hub1       away  -     -       tcp://192.0.2.1:5681",
    "hub2       away  -     -       tcp://hub2:5681",
  ]);
  const removed = commands.remove(typed("publisher remove hub2"));
  await clock.advance(3_000);
  await removed;
  deepStrictEqual(placesOf(kept.list ?? NO_MEMBERS), [
    "hub1 tcp://192.0.2.1:5681",
  ]);
  const again = rejects(
    commands.remove(typed("publisher remove hub2")),
    /no publisher hub2/,
  );
  await clock.advance(3_000);
  await again;
});
