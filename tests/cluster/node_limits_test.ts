import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { EventId } from "../../lib/base/ids.ts";
import type { NodeEvent } from "../../lib/wire/v2_messages.ts";
import type { Member } from "../../lib/members/member.ts";
import { DEFAULT_NODE_LIMITS } from "../../lib/members/node_limits.ts";
import { parseQuorumRules, quorumBy } from "../../lib/ban/quorum_rules.ts";
import { key } from "../support/values/bans.ts";
import { address, jail } from "../support/values/core_values.ts";
import { ALL_RIGHTS, member, OPEN_GATE } from "../support/cluster/members.ts";
import { MemoryCluster } from "../support/memory/memory_cluster.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";

let events = 0;

function ban(last = 1, others: Partial<NodeEvent> = {}): NodeEvent {
  const id = `event-${String(++events).padStart(16, "0")}` as EventId;
  const event = {
    kind: "ban",
    id,
    ...key(last),
    remainingMs: 60_000,
    agoMs: 0,
  } as const;
  return { ...event, ...others } as NodeEvent;
}

function unban(last = 1, others: Partial<NodeEvent> = {}): NodeEvent {
  const id = `event-${String(++events).padStart(16, "0")}` as EventId;
  const event = { kind: "unban", id, ...key(last), why: "lifted" } as const;
  return { ...event, ...others } as NodeEvent;
}

/** A gate behind which some have rights of their own. */
function gateOf(
  ...rights: readonly (readonly [string, Partial<Member["rights"]>])[]
) {
  const known = new Map(rights);
  return {
    authenticator: {
      ...OPEN_GATE,
      authenticate: ({ node }: { node: string }) => {
        const own = { ...ALL_RIGHTS, ...known.get(node) };
        const found = member(node, { rights: own });
        return Promise.resolve({ ok: true, member: found } as const);
      },
    },
  };
}

Deno.test("a node reports of the jails that it has a right to, and takes back whatever it reported", async () => {
  await using cluster = new MemoryCluster();
  const service = gateOf(["web1", { jails: ["sshd", "nginx-*"] }]);
  cluster.publisher({ service });
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const of = (name: string) => ({ jail: jail(name) });
  deepStrictEqual(
    await web1.events(
      ban(1),
      ban(2, of("nginx-http-auth")),
      ban(3, of("postfix")),
      unban(4, of("postfix")),
      ban(5, of("fail2bancluster")),
    ),
    [
      ...["accepted", "accepted", "refused jail-right", "known"],
      "refused cluster-jail",
    ],
  );
});

Deno.test("an unban of a node lifts what others reported where it has the right to, in the jails that it has", async () => {
  await using cluster = new MemoryCluster();
  const service = gateOf(
    ["hub", { mayUnban: true, jails: ["sshd"] }],
    ["web2", { mayUnban: true, jails: ["nginx"] }],
  );
  const { publisher } = cluster.publisher({ service });
  const bans = () => publisher.figures["bans"];
  const [web1, web2, hub] = await Promise.all(
    ["web1", "web2", "hub"].map((name) =>
      NodeDialogue.begin(cluster, name, "monitor")
    ),
  );
  await web1?.events(ban(1), ban(2));
  await hub?.events(ban(2));
  // Without the right for that jail: nothing of its own to take back.
  deepStrictEqual(await web2?.events(unban(1)), ["known"]);
  strictEqual(bans(), 2);
  deepStrictEqual(await hub?.events(unban(1), unban(2)), [
    ...["accepted", "accepted"],
  ]);
  strictEqual(bans(), 0);
  const kinds = cluster.store.since(3, 9).map(({ kind }) => kind);
  deepStrictEqual(kinds, ["lift", "lift"]);
});

Deno.test("an unban by fail2ban's clock, or for another end, withdraws the node's own report only, whatever its rights", async () => {
  await using cluster = new MemoryCluster();
  const service = gateOf(["hub", { mayUnban: true }]);
  const { publisher } = cluster.publisher({ service });
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const hub = await NodeDialogue.begin(cluster, "hub", "monitor");
  const ended = { why: "ended" } as const;
  await web1.events(ban(1), ban(2));
  await hub.events(ban(1));
  deepStrictEqual(await hub.events(unban(1, ended)), ["accepted"]);
  // Its own report is over by now: others' are not.
  deepStrictEqual(await hub.events(unban(1, ended), unban(2, ended)), [
    ...["known", "known"],
  ]);
  strictEqual(publisher.figures["bans"], 2);
  const kinds = cluster.store.since(3, 9).map(({ kind }) => kind);
  deepStrictEqual(kinds, ["withdraw"]);
});

Deno.test("a node without the right withdraws its own report only", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher();
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const web2 = await NodeDialogue.begin(cluster, "web2", "monitor");
  await web1.events(ban());
  await web2.events(ban());
  deepStrictEqual(await web2.events(unban()), ["accepted"]);
  strictEqual(publisher.figures["bans"], 1);
  deepStrictEqual(await web2.events(unban()), ["known"]);
  strictEqual(publisher.figures["bans"], 1);
});

Deno.test("a node that reports faster than it may is told to wait; nothing of that batch is taken, and all of it later", async () => {
  await using cluster = new MemoryCluster();
  const service = gateOf(["web1", { maxPerSecond: 1 }]);
  const { publisher } = cluster.publisher({ service });
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const web2 = await NodeDialogue.begin(cluster, "web2", "monitor");
  const batch = Array.from({ length: 25 }, (_, at) => ban(at + 1));
  deepStrictEqual(await web1.events(...batch), batch.map(() => "accepted"));
  const more = [ban(30), ban(31)];
  deepStrictEqual(await web1.events(...more), ["ERROR busy"]);
  strictEqual(publisher.figures["bans"], 25);
  deepStrictEqual(await web2.events(ban(40)), ["accepted"]);
  await cluster.clock.advance(2_000);
  deepStrictEqual(await web1.events(...more), ["accepted", "accepted"]);
});

Deno.test("a node whose reports are refused too often is set aside, its subscriber is served, and all it reports later is taken after the release", async () => {
  await using cluster = new MemoryCluster();
  const limits = {
    ...DEFAULT_NODE_LIMITS,
    breaker: { count: 3, withinMs: 60_000 },
  };
  const { publisher } = cluster.publisher({ limits });
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const copy = await NodeDialogue.begin(cluster, "web1", "subscriber");
  const loopback = () => ban(1, { address: address("127.0.0.1") });
  deepStrictEqual(await web1.events(loopback(), loopback(), ban(1)), [
    ...["refused loopback", "refused loopback", "accepted"],
  ]);
  // The batch in which it is opened is judged to its end.
  deepStrictEqual(await web1.events(loopback(), ban(2)), [
    ...["refused loopback", "accepted"],
  ]);
  const later = ban(3);
  deepStrictEqual(await web1.events(later), ["ERROR aside"]);
  strictEqual(publisher.figures["setAside"], 1);
  const sync = { kind: "SYNC", epoch: null, since: 0, part: 0 } as const;
  strictEqual(await copy.say({ ...sync, session: copy.session }), "SNAPSHOT");
  strictEqual(cluster.store.seq, 2);
});

Deno.test("a node has one word, and a ban counts when as many as the quorum asks for agree", async () => {
  await using cluster = new MemoryCluster();
  const rules = parseQuorumRules("sshd:2/10m") ?? [];
  cluster.publisher({ quorumOf: quorumBy(rules) });
  const copy = cluster.subscriber(undefined, "web9");
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const web2 = await NodeDialogue.begin(cluster, "web2", "monitor");
  await web1.events(ban());
  await web1.events(ban());
  await cluster.settle();
  deepStrictEqual(copy.told(), []);
  await web2.events(ban());
  await cluster.settle();
  deepStrictEqual(copy.told().length > 0, true);
});

Deno.test("a node has no more reports stand than may", async () => {
  await using cluster = new MemoryCluster();
  const limits = { ...DEFAULT_NODE_LIMITS, maxReports: 2 };
  cluster.publisher({ limits });
  const web1 = await NodeDialogue.begin(cluster, "web1", "monitor");
  const web2 = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await web1.events(ban(1), ban(2), ban(3)), [
    ...["accepted", "accepted", "refused node-full"],
  ]);
  deepStrictEqual(await web2.events(ban(3)), ["accepted"]);
});
