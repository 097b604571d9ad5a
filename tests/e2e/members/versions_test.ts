import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type {
  NodeMessage,
  PublisherMessage,
  SpokenRevisions,
} from "../../../lib/wire/v2_messages.ts";
import {
  decodePublisherMessage,
  encodeNodeMessage,
  MAX_CONTROL_BYTES,
} from "../../../lib/wire/v2.ts";
import { SPOKEN } from "../../../lib/wire/spoken_revisions.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { securityOf } from "../../support/cluster/test_members.ts";
import { host } from "../../support/values/core_values.ts";

/** A member of another version than ours, and what a publisher of ours answers it. */
async function answerTo(
  { cluster, zeromq }: { cluster: TestCluster; zeromq: ZmqBench },
  version: string,
  speaks?: SpokenRevisions,
): Promise<PublisherMessage> {
  const name = `v${version.replaceAll(".", "-")}`;
  const { token, ...membership } = cluster.members.add(name);
  const hello: NodeMessage = {
    ...{ kind: "HELLO", node: host(name), role: "monitor", token, version },
    ...(speaks === undefined ? {} : { speaks }),
  };
  await using socket = zeromq.context.dealer(cluster.controlUrl, {
    maxMessageBytes: MAX_CONTROL_BYTES,
    security: securityOf({ ...membership, token }),
  });
  await socket.send(encodeNodeMessage(hello), zeromq.signal);
  const decoded = decodePublisherMessage(await socket.receive(zeromq.signal));
  ok(decoded.ok);
  return decoded.value;
}

Deno.test("a node of an older or newer version is welcomed where both speak one revision, else both sides are told which to update", async () => {
  await using zeromq = new ZmqBench();
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  const hub = await cluster.start("publisher", "hub");
  const bench = { cluster, zeromq };

  // Older than the field itself, as old as ours, and newer with ours among it.
  const next = SPOKEN.to + 1;
  const welcomed = [
    await answerTo(bench, "0.1.0"),
    await answerTo(bench, "0.2.9", SPOKEN),
    await answerTo(bench, "7.0.0", { from: SPOKEN.from, to: next + 5 }),
  ];
  deepStrictEqual(
    welcomed.map((each) => each.kind === "WELCOME" ? each.speaks : each),
    [1, SPOKEN.to, SPOKEN.to],
  );

  const refused = await answerTo(bench, "9.0.0", { from: next, to: next + 1 });
  ok(refused.kind === "ERROR");
  strictEqual(refused.code, "version");
  strictEqual(
    refused.message,
    `it speaks revision ${SPOKEN.to} of protocol 2, and v9-0-0's 9.0.0 revisions ${next} to ${
      next + 1
    }: update the older one`,
  );
  const line = await hub.waitForLine(/a node speaks another protocol/);
  ok(
    line.endsWith(
      `ERROR: a node speaks another protocol node=v9-0-0 role=monitor version=9.0.0 ` +
        `theirs="revisions ${next} to ${
          next + 1
        }" ours="revision ${SPOKEN.to}" ` +
        `hint="update the older of the two programs"`,
    ),
    line,
  );
  strictEqual(hub.hasEnded, false);
});
