import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import * as zmq from "zeromq";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import type { Membership } from "../../../lib/members/member.ts";
import { encodeNodeMessage } from "../../../lib/wire/v2.ts";
import { handUnban, hourBan } from "../../support/values/node_events.ts";
import { newCurveKeys } from "../../support/values/curve_keys.ts";
import { RawNode, SILENCE_MS } from "../../support/cluster/raw_node.ts";
import { history, lastSeq } from "../../support/store/stored_tables.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { securityOf } from "../../support/cluster/test_members.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { scaled } from "../../support/host/deadline.ts";

/** A publisher's program, two members, and what they connect with. */
class IdentityBench implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly zeromq = new ZmqBench();
  readonly a: Membership;
  readonly b: Membership;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.a = cluster.members.add("host-a");
    this.b = cluster.members.add("host-b");
  }

  static async create(): Promise<IdentityBench> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const bench = new IdentityBench(cluster);
    await cluster.addHost("hub");
    await cluster.start("publisher", "hub");
    return bench;
  }

  /** What becomes of a HELLO over a connection with a member's key. */
  async hello(
    by: Membership,
    said: Partial<Pick<Membership, "token">> & {
      readonly node?: string;
      readonly role?: "monitor" | "subscriber";
    },
    silenceMs?: number,
  ): Promise<string> {
    const { controlUrl } = this.cluster;
    const security = securityOf(by);
    await using node = new RawNode(
      this.zeromq,
      controlUrl,
      security,
      silenceMs,
    );
    return await node.hello({ ...by, ...said });
  }

  member(by: Membership, role?: "monitor" | "subscriber"): Promise<RawNode> {
    return RawNode.join(this.zeromq, this.cluster.controlUrl, by, role);
  }

  /** Listens to the stream with a member's keys, or whoever's. */
  listener(by: Membership): MessageSocket {
    return this.zeromq.context.subscriber(this.cluster.streamUrl, "", {
      maxMessageBytes: 1 << 20,
      security: securityOf(by),
    });
  }

  /** Waits until a member has heard the stream's heartbeat twice: who is let in by then hears it as well. */
  async heartbeats(by = this.b): Promise<void> {
    await using member = this.listener(by);
    for (let heard = 0; heard < 2; heard++) {
      await member.receive(this.zeromq.signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.zeromq[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}

Deno.test("case 21: a key that is no member's, another publisher's key, NULL and PLAIN get in nowhere, and are told of", async () => {
  await using bench = await IdentityBench.create();
  const { cluster, zeromq, a } = bench;
  const unknown = { ...a, keys: newCurveKeys() };
  strictEqual(await bench.hello(unknown, {}, SILENCE_MS), "silence");
  const publisherKey = newCurveKeys().publicKey;
  strictEqual(
    await bench.hello({ ...a, publisherKey }, {}, SILENCE_MS),
    "silence",
  );
  await using plain = new RawNode(zeromq, cluster.controlUrl, undefined);
  plain.expectsSilence();
  strictEqual(await plain.hello(a), "silence");

  const strangers = [{}, { plainUsername: a.node, plainPassword: a.token }]
    .map((options) => {
      const dealer = new zmq.Dealer({ ...options, linger: 0, sendTimeout: 0 });
      dealer.connect(cluster.controlUrl);
      const listener = new zmq.Subscriber({ ...options, receiveTimeout: 0 });
      listener.connect(cluster.streamUrl);
      listener.subscribe();
      return { dealer, listener };
    });
  for (const { dealer } of strangers) {
    await dealer.send(encodeNodeMessage({
      kind: "HELLO",
      role: "monitor",
      version: "1",
      ...{ node: a.node, token: a.token },
    }) as Uint8Array[]);
  }
  await bench.heartbeats();
  for (const { dealer, listener } of strangers) {
    strictEqual(dealer.readable, false);
    strictEqual(listener.readable, false);
    dealer.close();
    listener.close();
  }
  const figures = await cluster.figures("publisher", "hub");
  strictEqual(figures["protocol2.received"], 0);
  // The one that heard the heartbeats.
  strictEqual(figures["connections.admitted"], 1);
  ok(Number(figures["connections.refused"]) >= 1);
  strictEqual(lastSeq(cluster), 0);
});

Deno.test("case 21: a right key with a wrong token, another node's token, and another node's name are refused", async () => {
  await using bench = await IdentityBench.create();
  const { a, b } = bench;
  strictEqual(await bench.hello(a, {}), "WELCOME");
  const wrong = {
    token: a.token.replace(/^./, a.token[0] === "x" ? "y" : "x"),
  };
  strictEqual(await bench.hello(a, wrong), "ERROR token");
  strictEqual(await bench.hello(a, { token: "" }), "ERROR token");
  strictEqual(await bench.hello(a, { token: b.token }), "ERROR token");
  strictEqual(await bench.hello(a, { node: b.node }), "ERROR token");
  strictEqual(await bench.hello(a, { node: "host-c" }), "ERROR token");
});

Deno.test("case 21: a node that claims another's origin is not understood, its events are its own, and no session is another's", async () => {
  await using bench = await IdentityBench.create();
  const { cluster, a, b } = bench;
  await using node = await bench.member(a);
  await using other = await bench.member(b);
  const [magic, kind, body] = encodeNodeMessage(node.batchOf(hourBan(1)));
  const said = JSON.parse(new TextDecoder().decode(body));
  said.node = said.origin = "host-b";
  Object.assign(said.events[0], { origin: "host-b", node: "host-b" });
  const claim = new TextEncoder().encode(JSON.stringify(said));
  ok(magic !== undefined && kind !== undefined);
  // A message has no place for it.
  strictEqual(await node.sayFrames([magic, kind, claim]), "ERROR protocol");
  strictEqual(lastSeq(cluster), 0);
  strictEqual(await node.events(hourBan(1)), "accepted");
  deepStrictEqual(history(cluster), ["report 198.51.100.1 host-a"]);

  const { session } = node;
  node.session = other.session;
  strictEqual(await node.events(hourBan(2)), "ERROR session");
  node.session = session;
  strictEqual(await node.events(hourBan(2)), "accepted");
  strictEqual(lastSeq(cluster), 2);
});

Deno.test("a subscriber that tries to write is refused, on either socket, and so is a role without the right", async () => {
  await using bench = await IdentityBench.create();
  const { cluster, a, zeromq } = bench;
  await using subscriber = await bench.member(a, "subscriber");
  strictEqual(await subscriber.events(hourBan(1)), "ERROR protocol");
  const reader = cluster.members.add("host-c", { roles: ["subscriber"] });
  await waitUntil(
    async () =>
      await bench.hello(
        reader,
        { role: "subscriber" },
        scaled(SILENCE_MS),
      ) === "WELCOME",
    { what: "the new member", timeoutMs: 15_000, intervalMs: 100 },
  );
  strictEqual(await bench.hello(reader, {}), "ERROR rights");

  // Whoever listens to the stream may say what he likes to it: nobody hears it.
  const { publicKey, secretKey } = reader.keys;
  const speaker = new zmq.XSubscriber({
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
    curveServerKey: reader.publisherKey,
    linger: 0,
  });
  speaker.connect(cluster.streamUrl);
  await using listener = zeromq.context.subscriber(cluster.streamUrl, "", {
    maxMessageBytes: 1 << 20,
    security: securityOf(a),
  });
  await listener.receive(zeromq.signal);
  await speaker.send(["C", "forged"]);
  for (let heard = 0; heard < 2; heard++) {
    const [kind] = await listener.receive(zeromq.signal);
    strictEqual(new TextDecoder().decode(kind), "H");
  }
  speaker.close();
  strictEqual(lastSeq(cluster), 0);
});

Deno.test("case 21: yesterday's report, sent again under its id, changes nothing", async () => {
  await using bench = await IdentityBench.create();
  const { cluster, a, b } = bench;
  const sent = hourBan(1);
  {
    await using node = await bench.member(a);
    strictEqual(await node.events(sent), "accepted");
    strictEqual(
      await node.events(handUnban(2, sent.address)),
      "accepted",
    );
  }
  await using again = await bench.member(a);
  strictEqual(await again.events(sent), "known");
  deepStrictEqual(history(cluster), [
    "report 198.51.100.1 host-a",
    "withdraw 198.51.100.1 host-a",
  ]);
  // An id names an event of its node: another's is another event.
  await using other = await bench.member(b);
  strictEqual(await other.events(sent), "accepted");
});

Deno.test("a publisher without keys serves no protocol 2, says so, and how that changes", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.startWithoutKeys("hub");
  match(
    publisher.stderr.join("\n"),
    /NOTICE: protocol 2 is not served.*fail2ban-cluster init/,
  );
  strictEqual((await cluster.figures("publisher", "hub"))["protocol2"], "off");
});

Deno.test("a member that may report and not read does not hear the stream", async () => {
  await using bench = await IdentityBench.create();
  const { cluster } = bench;
  const writer = cluster.members.add("writer", { roles: ["monitor"] });
  await waitUntil(
    async () => await bench.hello(writer, {}, scaled(SILENCE_MS)) === "WELCOME",
    {
      what: "the writer to be let in",
      timeoutMs: 15_000,
    },
  );
  await using monitor = await bench.member(writer);
  await using listener = bench.listener(writer);
  const stop = new AbortController();
  const hearing = listener.receive(stop.signal).then(
    () => "heard",
    (error) => error,
  );
  await bench.heartbeats();
  stop.abort("silence");
  strictEqual(await hearing, "silence");
  strictEqual(await monitor.events(hourBan(1)), "accepted");
});
