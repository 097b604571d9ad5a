/**
 * A member that reports as fast as it can, one event a message, and waits for
 * no answer, until it is ended: whether it was cut off the publisher knows.
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

/** It floods with reports so long, and then asks for the table as well, which counts for more. */
const REPORTS_ONLY_MS = 10_000;

const [file = ""] = Deno.args;
const membership = MEMBERSHIP_FORM.decode(await Deno.readTextFile(file));
await using bench = new ZmqBench();
await using node = await RawNode.join(
  bench,
  membership.controlUrl,
  membership,
);
// Who is cut off finds no room.
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
  // A publisher that has little of its processors can't take so many reports.
  if (performance.now() > startMs + REPORTS_ONLY_MS) {
    const { session } = node;
    await node.sayOnly({
      ...{ kind: "SYNC", session, epoch: null, since: 0, part: 0 },
    });
  }
}
