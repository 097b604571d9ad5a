import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { PublisherGroup } from "../../lib/engine/publisher_group.ts";
import {
  type PublisherState,
  TELL_MS,
  tellState,
} from "../../lib/engine/publisher_states.ts";
import type { PublisherHost } from "../../lib/members/member.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import {
  MemoryLogServer,
  MemorySharedLog,
} from "../support/memory/memory_shared_log.ts";
import { MemorySharedValues } from "../support/memory/memory_shared_values.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { host } from "../support/values/core_values.ts";

const LISTEN_MS = 3 * TELL_MS;

function added(name: string): PublisherHost {
  const [controlUrl, streamUrl] = [5681, 5682].map((port) =>
    `tcp://${name}:${port}`
  );
  return {
    name: host(name),
    controlUrl: controlUrl ?? "",
    streamUrl: streamUrl ?? "",
    addedMs: 1,
  };
}

const ADDED = ["hub1", "hub2", "hub3"].map(added);

/** Publishers that tell how they are, of which hub1 is active. */
async function publishers(...names: readonly string[]) {
  const clock = new ManualClock();
  const values = new MemorySharedValues();
  const server = new MemoryLogServer();
  const log = new MemorySharedLog(server);
  await log.begin({
    epoch: "00112233445566778899aabbccddeeff" as Epoch,
    id: "base",
    seq: 0,
  });
  server.lead = { term: 4, holder: "hub1" };
  const stop = new AbortController();
  const states = new Map<string, PublisherState>();
  const told = names.map((name, at) => {
    const role = name === "hub1" ? "active" : "standby";
    states.set(name, { role, term: 4, behind: at, settings: "" });
    const state = () =>
      states.get(name) ?? { role, term: 0, behind: 0, settings: "" };
    const teller = { values, clock, name: host(name), state };
    return rejects(tellState(teller, stop.signal), /stop/);
  });
  await clock.advance(0);
  const end = async () => {
    stop.abort(new Error("stop"));
    await Promise.all(told);
  };
  const group = new PublisherGroup({ log, values, clock });
  return { clock, values, server, states, group, end };
}

Deno.test("each publisher is listed as it tells, and one that tells nothing any more is away", async () => {
  const { clock, values, group, end } = await publishers("hub1", "hub2", "odd");
  // It told so before it died.
  await values.put(
    "publishers/hub3",
    new TextEncoder().encode('{"role":"standby","term":3,"behind":0}\n'),
  );
  const listed = group.list(ADDED);
  await clock.advance(LISTEN_MS);
  deepStrictEqual(
    (await listed).map((each) => Object.values(each).join(" ")),
    [
      "hub1 active 4 0 tcp://hub1:5681",
      "hub2 standby 4 1 tcp://hub2:5681",
      "hub3 away   tcp://hub3:5681",
      "odd standby 4 2 ",
    ],
  );
  await end();
});

Deno.test("a list waits for an engine that elects, and says in the end that it does not answer", async () => {
  const { clock, values, group, end } = await publishers("hub1", "hub2");
  values.isSilent = true;
  const listed = group.list([]);
  await clock.advance(7_000);
  values.isSilent = false;
  await clock.advance(LISTEN_MS);
  deepStrictEqual(
    (await listed).map(({ name, role }) => `${name} ${role}`),
    ["hub1 active", "hub2 standby"],
  );
  values.isSilent = true;
  const refused = rejects(group.list([]), /does not answer/);
  await clock.advance(10_000);
  await refused;
  await end();
});

Deno.test("the active one makes way for the standby that is named, or for the one that is least behind", async () => {
  const cases = [[host("hub3"), "hub3"], [undefined, "hub2"]] as const;
  for (const [named, next] of cases) {
    const { clock, server, group, end } = await publishers(
      "hub1",
      "hub2",
      "hub3",
    );
    const done = group.handOver(named, ADDED);
    await clock.advance(2 * TELL_MS);
    deepStrictEqual(server.lead, { term: 4, holder: undefined, next });
    server.lead = { term: 5, holder: next };
    await clock.advance(TELL_MS);
    strictEqual(await done, next);
    await end();
  }
});

Deno.test("nobody makes way for one that is away, unknown or active already", async () => {
  const { clock, server, group, end } = await publishers("hub1", "hub2");
  for (
    const [name, reason] of [
      ["hub1", /hub1 can't take over: it is active/],
      ["hub3", /hub3 can't take over: it is away/],
      ["hub9", /no publisher hub9/],
    ] as const
  ) {
    const refused = rejects(group.handOver(host(name), ADDED), reason);
    await clock.advance(LISTEN_MS);
    await refused;
  }
  strictEqual(server.lead.holder, "hub1");
  await end();
});

Deno.test("a publisher that runs is not forgotten, and one that is away is", async () => {
  const { clock, values, group, end } = await publishers("hub1", "hub2");
  const refused = rejects(
    group.forget(host("hub2"), []),
    /hub2 is still running/,
  );
  await clock.advance(LISTEN_MS);
  await refused;
  await end();
  const done = group.forget(host("hub2"), []);
  await clock.advance(LISTEN_MS);
  await done;
  deepStrictEqual([...(await values.all("publishers/")).keys()], ["hub1"]);
});
