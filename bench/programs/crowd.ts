/**
 * Many subscribers in one process: each has its own two sockets, session and
 * replica, assembled like the real program, but without disk and actions.
 *
 * usage: crowd.ts MEMBERSHIPS
 *
 * MEMBERSHIPS is a file with a JSON array of memberships.
 *
 * Prints their state five times a second as a line of JSON.
 *
 * @module
 */

import {
  IDLE_SUBSCRIBER,
  PLACE,
} from "../../tests/support/values/core_values.ts";
import { ControlClient } from "../../lib/client/control_client.ts";
import { LibcPoll } from "../../lib/zmq/io/libc_poll.ts";
import { TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import type { Membership } from "../../lib/members/member.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { ReplicaClient } from "../../lib/subscriber/replica_client.ts";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { StreamListener } from "../../lib/subscriber/stream_listener.ts";
import { NULL_REPLICA_STORE } from "../../lib/subscriber/null_replica_store.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "../../lib/wire/v2.ts";
import { MemoryLog } from "../../tests/support/memory/memory_log.ts";
import { securityOf } from "../../tests/support/cluster/test_members.ts";
import { say } from "../bare_zmq.ts";

const TELL_EVERY_MS = 200;
const STREAM_QUEUE = 100_000;
const NEVER = new AbortController().signal;

const [path = ""] = Deno.args;
const memberships: readonly Membership[] = JSON.parse(
  await Deno.readTextFile(path),
);
await using poll = new LibcPoll();
await using zeromq = new ZmqContext(poll);
const clock = new SteadyClock(new SystemClock());
const log = new MemoryLog();

function client(membership: Membership): ReplicaClient {
  const { node, token, controlUrl, streamUrl } = membership;
  const security = securityOf(membership);
  const session = new ControlClient({
    ...{ clock, log, node, role: "subscriber", version: "1.0.0" },
    token: () => token,
    place: PLACE,
    condition: () => IDLE_SUBSCRIBER,
    connect: () =>
      zeromq.dealer(controlUrl, {
        maxMessageBytes: MAX_CONTROL_BYTES,
        security,
      }),
  });
  const listener = new StreamListener({
    ...{ clock, log },
    connect: () =>
      zeromq.subscriber(streamUrl, "", {
        maxMessageBytes: MAX_STREAM_BYTES,
        receiveQueueMessages: STREAM_QUEUE,
        security,
      }),
  });
  return new ReplicaClient({
    ...{ session, listener, clock, log },
    receiver: { hostName: node, choice: TAKE_ALL },
    store: NULL_REPLICA_STORE,
    receipts: new ReceiptQueue(),
    onUpdates: () => Promise.resolve(),
  });
}

/** The sums of the clients' figures. */
function report(clients: readonly ReplicaClient[]): string {
  const all = clients.map(({ figures }) => figures);
  const numbers = (name: string) => all.map((each) => Number(each[name]));
  const sum = (name: string) => numbers(name).reduce((one, two) => one + two);
  return JSON.stringify({
    following: all.filter(({ following }) => following === true).length,
    minSeq: Math.min(...numbers("seq")),
    minBans: Math.min(...numbers("bans")),
    maxBans: Math.max(...numbers("bans")),
    gaps: sum("gaps"),
    snapshots: sum("snapshots"),
    notUnderstood: sum("notUnderstood"),
  });
}

const clients = memberships.map(client);
const running = clients.map((each) => each.run(NEVER));
setInterval(() => say(report(clients)), TELL_EVERY_MS);
await Promise.all(running);
