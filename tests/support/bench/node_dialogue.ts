/**
 * A node whose messages a test sends one by one.
 *
 * @module
 */

import type {
  NodeEvent,
  NodeMessage,
  PublisherMessage,
} from "../../../lib/wire/v2_messages.ts";
import type { NodeRole, SessionId } from "../../../lib/base/ids.ts";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import {
  decodePublisherMessage,
  encodeNodeMessage,
} from "../../../lib/wire/v2.ts";
import { host } from "../values/core_values.ts";
import type { MemoryCluster } from "../memory/memory_cluster.ts";

const NEVER = new AbortController().signal;

/** Optional details of a HELLO. */
type HelloDetails = Pick<
  Extract<NodeMessage, { readonly kind: "HELLO" }>,
  "speaks" | "place"
>;

/** A connection after HELLO. */
export class NodeDialogue {
  readonly session: SessionId;
  readonly #socket: MessageSocket;
  #batches = 0;

  private constructor(socket: MessageSocket, session: SessionId) {
    this.#socket = socket;
    this.session = session;
  }

  /** Sends HELLO and expects WELCOME. */
  static async begin(
    cluster: MemoryCluster,
    node: string,
    role: NodeRole,
    token = "",
    others: HelloDetails = {},
  ): Promise<NodeDialogue> {
    const socket = cluster.network.dealer();
    const answer = await ask(socket, hello(node, role, token, others));
    if (answer.kind !== "WELCOME") throw new Error(told(answer));
    return new NodeDialogue(socket, answer.session);
  }

  /** Sends HELLO and expects a refusal. */
  static async refusal(
    cluster: MemoryCluster,
    node: string,
    role: NodeRole,
    token = "",
    others: HelloDetails = {},
  ): Promise<string> {
    const message = hello(node, role, token, others);
    return told(await ask(cluster.network.dealer(), message));
  }

  /** The next message of any kind. */
  async next(): Promise<PublisherMessage> {
    const decoded = decodePublisherMessage(await this.#socket.receive(NEVER));
    if (!decoded.ok) throw new Error(`Not understood: ${decoded.reason}`);
    return decoded.value;
  }

  /** Sends a message that has no answer. */
  async sayOnly(message: NodeMessage): Promise<void> {
    await this.#socket.send(encodeNodeMessage(message), NEVER);
  }

  /** Sends any message. @returns The answer as text. */
  async say(message: NodeMessage): Promise<string> {
    return told(await ask(this.#socket, message));
  }

  /** Reports events. @returns The result of each as text. */
  async events(...events: readonly NodeEvent[]): Promise<string[]> {
    const batch = ++this.#batches;
    const answer = await ask(this.#socket, {
      kind: "EVENTS",
      session: this.session,
      batch,
      events,
    });
    if (answer.kind !== "ACK") return [told(answer)];
    if (answer.batch !== batch) throw new Error("Not the batch's ACK");
    return answer.results.map(({ outcome, rule }) =>
      rule === "" ? outcome : `${outcome} ${rule}`
    );
  }
}

function hello(
  node: string,
  role: NodeRole,
  token: string,
  others: HelloDetails,
): NodeMessage {
  return {
    kind: "HELLO",
    node: host(node),
    role,
    token,
    version: "1.0.0",
    ...others,
  };
}

async function ask(
  socket: MessageSocket,
  message: NodeMessage,
): Promise<PublisherMessage> {
  await socket.send(encodeNodeMessage(message), NEVER);
  const decoded = decodePublisherMessage(await socket.receive(NEVER));
  if (!decoded.ok) throw new Error(`Not understood: ${decoded.reason}`);
  return decoded.value;
}

function told(message: PublisherMessage): string {
  return message.kind === "ERROR" ? `ERROR ${message.code}` : message.kind;
}
