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
import type { PlaceId } from "../../../lib/base/ids.ts";
import type { Membership } from "../../../lib/members/member.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { securityOf } from "../../support/cluster/test_members.ts";

/** Who says what it speaks says where it runs, too. */
const PLACE = "1".repeat(32) as PlaceId;

/** What a publisher answers a member of another version than ours. */
async function answerTo(
  zeromq: ZmqBench,
  membership: Membership,
  version: string,
  speaks?: SpokenRevisions,
): Promise<PublisherMessage> {
  const { node, token, controlUrl } = membership;
  const hello: NodeMessage = {
    ...{ kind: "HELLO", node, role: "monitor", token, version },
    ...(speaks === undefined ? {} : { speaks, place: PLACE }),
  };
  await using socket = zeromq.context.dealer(controlUrl, {
    maxMessageBytes: MAX_CONTROL_BYTES,
    security: securityOf(membership),
  });
  await socket.send(encodeNodeMessage(hello), zeromq.signal);
  const decoded = decodePublisherMessage(await socket.receive(zeromq.signal));
  ok(decoded.ok);
  return decoded.value;
}

Deno.test("a node of an older or newer version is welcomed where both speak one revision, else both sides are told which to update", async () => {
  await using zeromq = new ZmqBench();
  await using cluster = await TestCluster.create({ protocol: 2 });
  const names = ["unsaid", "same", "newer", "too-new"];
  const [unsaid, same, newer, tooNew] = names.map((name) =>
    cluster.members.add(name)
  );
  ok(unsaid && same && newer && tooNew);
  await cluster.addHost("hub");
  const hub = await cluster.start("publisher", "hub");

  // Older than the field itself, as old as ours, and newer with ours among it.
  const next = SPOKEN.to + 1;
  const welcomed = [
    await answerTo(zeromq, unsaid, "0.1.0"),
    await answerTo(zeromq, same, "0.2.9", SPOKEN),
    await answerTo(zeromq, newer, "7.0.0", { from: SPOKEN.from, to: next + 5 }),
  ];
  deepStrictEqual(
    welcomed.map((each) => each.kind === "WELCOME" ? each.speaks : each),
    [1, SPOKEN.to, SPOKEN.to],
  );

  const theirs = { from: next, to: next + 1 };
  const refused = await answerTo(zeromq, tooNew, "9.0.0", theirs);
  ok(refused.kind === "ERROR");
  strictEqual(refused.code, "version");
  strictEqual(
    refused.message,
    `it speaks revision ${SPOKEN.to} of protocol 2, and too-new's 9.0.0 revisions ${next} to ${
      next + 1
    }: update the older one`,
  );
  const line = await hub.waitForLine(/a node speaks another protocol/);
  ok(
    line.endsWith(
      `ERROR: a node speaks another protocol node=too-new role=monitor version=9.0.0 ` +
        `theirs="revisions ${next} to ${
          next + 1
        }" ours="revision ${SPOKEN.to}" ` +
        `hint="update the older of the two programs"`,
    ),
    line,
  );
  strictEqual(hub.hasEnded, false);
});
