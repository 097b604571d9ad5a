/**
 * A member that reports as fast as it can, one event per message, without
 * waiting for answers, until it is stopped. The publisher knows whether it cut
 * it off.
 *
 * usage: flooding_member.ts MEMBERSHIP_FILE
 *
 * @module
 */

import type { EventId } from "../../../../lib/base/ids.ts";
import { MEMBERSHIP_FORM } from "../../../../lib/members/identity_forms.ts";
import { address, jail } from "../../values/core_values.ts";
import { RawNode } from "../raw_node.ts";
import { ZmqBench } from "../../bench/zmq_bench.ts";

/**
 * Time of flooding with reports; then it also requests the table, which costs
 * more.
 */
const REPORTS_ONLY_MS = 10_000;

const [file = ""] = Deno.args;
const membership = MEMBERSHIP_FORM.decode(await Deno.readTextFile(file));
await using bench = new ZmqBench();
await using node = await RawNode.join(
  bench,
  membership.controlUrl,
  membership,
);
// A member that was cut off can't send.
node.expectsSilence();
const startMs = performance.now();
for (let sent = 0;; sent++) {
  const octets = [198, 19, (sent >> 8) & 255, sent & 255].join(".");
  await node.sayOnly(node.batchOf({
    kind: "ban",
    id: `flood-${String(sent).padStart(16, "0")}` as EventId,
    jail: jail("sshd"),
    address: address(octets),
    remainingMs: 3_600_000,
    agoMs: 0,
  }));
  // A publisher with little CPU can't receive so many reports.
  if (performance.now() > startMs + REPORTS_ONLY_MS) {
    const { session } = node;
    await node.sayOnly({
      ...{ kind: "SYNC", session, epoch: null, since: 0, part: 0 },
    });
  }
}
