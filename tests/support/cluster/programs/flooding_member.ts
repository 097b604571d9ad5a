/**
 * A member that reports as fast as it can, one event a message, and waits for
 * no answer. Says at the end how many it sent, and whether it was cut off.
 *
 * usage: flooding_member.ts MEMBERSHIP_FILE SECONDS
 *
 * @module
 */

import type { EventId } from "../../../../lib/base/ids.ts";
import { MEMBERSHIP_FORM } from "../../../../lib/members/identity_forms.ts";
import { address, jail } from "../../values/core_values.ts";
import { RawNode } from "../raw_node.ts";
import { ZmqBench } from "../../bench/zmq_bench.ts";

const [file = "", seconds = "0"] = Deno.args;
const membership = MEMBERSHIP_FORM.decode(await Deno.readTextFile(file));
await using bench = new ZmqBench();
await using node = await RawNode.join(
  bench,
  membership.controlUrl,
  membership,
);
// Who finds no room for so long has been cut off.
node.expectsSilence();
const endMs = performance.now() + Number(seconds) * 1_000;
let sent = 0;
let cut = false;
while (performance.now() < endMs && !cut) {
  const octets = [198, 19, (sent >> 8) & 255, sent & 255].join(".");
  cut = !await node.sayOnly(node.batchOf({
    kind: "ban",
    id: `flood-${String(sent).padStart(16, "0")}` as EventId,
    jail: jail("sshd"),
    address: address(octets),
    remainingMs: 3_600_000,
    agoMs: 0,
  }));
  sent++;
}
const line = JSON.stringify({ sent, cut });
Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
