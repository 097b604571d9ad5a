/**
 * Receipts of many subscribers, and the delay of the answer to a monitor's
 * report meanwhile. Each subscriber has one message in flight, like ours.
 *
 * @module
 */

import type { NodeMessage } from "../lib/wire/v2_messages.ts";
import type { SessionId } from "../lib/base/ids.ts";
import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import type { Membership } from "../lib/members/member.ts";
import type { MessageSocket } from "../lib/zmq/ports.ts";
import {
  decodePublisherMessage,
  encodeNodeMessage,
  MAX_CONTROL_BYTES,
} from "../lib/wire/v2.ts";
import { jail } from "../tests/support/values/core_values.ts";
import { securityOf } from "../tests/support/cluster/test_members.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { percentile, printTable } from "./figures.ts";
import {
  addressAt,
  BenchCluster,
  fillStore,
  medians,
} from "./protocol2_setup.ts";
import { eventIdAt } from "./random_inputs.ts";
import { sized } from "./size.ts";

const RUNS = sized(3, 1);
const SECONDS = sized(5, 1);
const BANS = sized(20_000, 1_000);
/** Numbers of subscribers and of receipts per message. */
const LOADS = [[1, 1_000], [50, 10], [50, 250]] as const;

/** A session of a node. */
class Node {
  readonly #socket: MessageSocket;
  readonly #signal: AbortSignal;
  readonly session: SessionId;
  batch = 0;

  private constructor(
    socket: MessageSocket,
    session: SessionId,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.session = session;
    this.#signal = signal;
  }

  static async begin(
    socket: MessageSocket,
    hello: Omit<NodeMessage & { kind: "HELLO" }, "kind" | "version">,
    signal: AbortSignal,
  ): Promise<Node> {
    const message = { kind: "HELLO", version: "1.0.0", ...hello } as const;
    const answer = await ask(socket, message, signal);
    if (answer.kind !== "WELCOME") throw new Error(answer.kind);
    return new Node(socket, answer.session, signal);
  }

  /** Sends a message, and waits for its ACK. */
  async say(message: NodeMessage): Promise<void> {
    const answer = await ask(this.#socket, message, this.#signal);
    if (answer.kind !== "ACK") throw new Error(JSON.stringify(answer));
  }
}

async function ask(
  socket: MessageSocket,
  message: NodeMessage,
  signal: AbortSignal,
) {
  await socket.send(encodeNodeMessage(message), signal);
  const decoded = decodePublisherMessage(await socket.receive(signal));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

/** Sends receipts of consecutive bans, starting with the `from`-th. */
async function tell(node: Node, from: number, count: number): Promise<void> {
  const results = Array.from({ length: count }, (_, at) => ({
    jail: jail("sshd"),
    address: addressAt((from + at) % BANS),
    action: "nftables",
    outcome: "applied" as const,
    detail: "",
    agoMs: 0,
  }));
  const { session } = node;
  await node.say({ kind: "RECEIPTS", session, batch: ++node.batch, results });
}

async function report(node: Node, index: number): Promise<void> {
  await node.say({
    kind: "EVENTS",
    session: node.session,
    batch: ++node.batch,
    events: [{
      ...{
        kind: "ban",
        id: eventIdAt(BANS + index),
        jail: jail("sshd"),
        remainingMs: 3_600_000,
        agoMs: 0,
      },
      address: addressAt(BANS + index),
    }],
  });
}

async function measure(subscribers: number, atOnce: number) {
  await using cluster = await BenchCluster.create();
  await fillStore(cluster.storePath, BANS);
  const { members, controlUrl } = cluster.programs;
  const nodeMembers = Array.from(
    { length: subscribers },
    (_, at) => members.add(`web-${at}`),
  );
  const publisher = await cluster.start("publisher", "hub");
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const stop = new AbortController();
  const begin = (
    membership: Membership,
    role: "monitor" | "subscriber",
  ) => {
    const socket = zeromq.dealer(controlUrl, {
      maxMessageBytes: MAX_CONTROL_BYTES,
      lingerMs: 0,
      security: securityOf(membership),
    });
    const { node, token } = membership;
    return Node.begin(socket, { node, role, token }, stop.signal);
  };
  const monitor = await begin(cluster.programs.membership("host-a"), "monitor");
  const nodes = await Promise.all(
    nodeMembers.map((membership) => begin(membership, "subscriber")),
  );
  const before = await processUsage(publisher);
  const startMs = performance.now();
  const isOver = () => performance.now() - startMs > SECONDS * 1_000;
  let receipts = 0;
  const waitsMs: number[] = [];
  await Promise.all([
    ...nodes.map(async (node, at) => {
      for (let from = at * 400; !isOver(); from += atOnce) {
        await tell(node, from, atOnce);
        receipts += atOnce;
      }
    }),
    (async () => {
      while (!isOver()) {
        const saidMs = performance.now();
        await report(monitor, waitsMs.length);
        waitsMs.push(performance.now() - saidMs);
      }
    })(),
  ]);
  const { cpuSeconds } = await processUsage(publisher);
  waitsMs.sort((left, right) => left - right);
  return {
    cpuUs: (cpuSeconds - before.cpuSeconds) * 1e6 / receipts,
    perSecond: receipts * 1_000 / (performance.now() - startMs),
    reports: waitsMs.length / SECONDS,
    p50: percentile(waitsMs, 50),
    p99: percentile(waitsMs, 99),
  };
}

/** Measures and prints. */
export async function benchReceipts(): Promise<void> {
  const rows: string[][] = [];
  for (const [subscribers, atOnce] of LOADS) {
    const { perSecond, cpuUs, reports, p50, p99 } = await medians(
      RUNS,
      () => measure(subscribers, atOnce),
    );
    rows.push([
      `subscribers: ${subscribers}, each ${atOnce} to a message`,
      `${Math.round(perSecond)} receipts/s`,
      `${cpuUs.toFixed(1)} us of the publisher's CPU each, reports among it`,
      `a report is answered in ${p50.toFixed(1)} ms (p99 ${p99.toFixed(1)})`,
      `${Math.round(reports)} reports/s, one after the other`,
    ]);
  }
  printTable(
    `protocol 2: receipts kept and acknowledged (median of ${RUNS} runs)`,
    rows,
  );
}

if (import.meta.main) await benchReceipts();
