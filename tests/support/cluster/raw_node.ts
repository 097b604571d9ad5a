/**
 * A node on a real network with any key, whose messages a test sends.
 *
 * @module
 */

import type { NodeEvent, NodeMessage } from "../../../lib/wire/v2_messages.ts";
import type { NodeRole, SessionId } from "../../../lib/base/ids.ts";
import type { Membership } from "../../../lib/members/member.ts";
import type { Frames, MessageSocket } from "../../../lib/zmq/ports.ts";
import type { ClientSecurity } from "../../../lib/zmq/socket_options.ts";
import {
  decodePublisherMessage,
  encodeNodeMessage,
  MAX_CONTROL_BYTES,
} from "../../../lib/wire/v2.ts";
import { deadline } from "../host/deadline.ts";
import { host } from "../values/core_values.ts";
import { securityOf } from "./test_members.ts";
import type { ZmqBench } from "../bench/zmq_bench.ts";

/** Timeout of an answer on a quiet machine. */
const ANSWER_MS = 5_000;
/** Time after which an answer surely does not come. */
export const SILENCE_MS = 1_000;

/** The sender of a HELLO. */
export interface RawHello {
  readonly node: string;
  readonly role?: NodeRole;
  readonly token: string;
}

/** One connection to a publisher's control socket. */
export class RawNode {
  session = "0".repeat(32) as SessionId;
  readonly #socket: MessageSocket;
  #batches = 0;
  #silenceMs: number;

  constructor(
    { context }: ZmqBench,
    url: string,
    security: ClientSecurity | undefined,
    silenceMs = deadline(ANSWER_MS),
  ) {
    this.#silenceMs = silenceMs;
    this.#socket = context.dealer(url, {
      maxMessageBytes: MAX_CONTROL_BYTES,
      security,
    });
  }

  /**
   * A member after HELLO and WELCOME.
   *
   * @param silenceMs Time after which WELCOME surely does not come; later
   * answers have the usual timeout.
   * @throws {Error} with the answer, when it was another.
   */
  static async join(
    bench: ZmqBench,
    url: string,
    membership: Membership,
    role?: NodeRole,
    silenceMs?: number,
  ): Promise<RawNode> {
    const node = new RawNode(bench, url, securityOf(membership), silenceMs);
    const answer = await node.hello({ ...membership, role: role ?? "monitor" });
    if (answer !== "WELCOME") {
      await node[Symbol.asyncDispose]();
      throw new Error(answer);
    }
    node.#silenceMs = deadline(ANSWER_MS);
    return node;
  }

  /** Expects no answer to the next message within this time. */
  expectsSilence(): void {
    this.#silenceMs = SILENCE_MS;
  }

  /** Sends HELLO. @returns The answer as text. */
  async hello({ node, role = "monitor", token }: RawHello): Promise<string> {
    return await this.say({
      ...{ kind: "HELLO", node: host(node), role, token, version: "1.0.0" },
    });
  }

  /**
   * Sends any message. @returns The answer as text: its kind, `ERROR code`, or
   * `silence`.
   */
  async say(message: NodeMessage): Promise<string> {
    return await this.sayFrames(encodeNodeMessage(message));
  }

  /** Sends any frames. */
  async sayFrames(frames: Frames): Promise<string> {
    return await this.#send(frames) ? await this.next() : "silence";
  }

  /**
   * Sends a message without waiting for the answer. @returns Whether there was
   * room.
   */
  async sayOnly(message: NodeMessage): Promise<boolean> {
    return await this.#send(encodeNodeMessage(message));
  }

  /** The next message as text. */
  async next(): Promise<string> {
    const frames = await this.#orSilence((signal) =>
      this.#socket.receive(signal)
    );
    if (frames === undefined) return "silence";
    const decoded = decodePublisherMessage(frames);
    if (!decoded.ok) throw new Error(decoded.reason);
    const message = decoded.value;
    switch (message.kind) {
      case "WELCOME":
        this.session = message.session;
        return "WELCOME";
      case "ERROR":
        return `ERROR ${message.code}`;
      case "ACK":
        return message.results.map(({ outcome, rule }) =>
          rule === "" ? outcome : `${outcome} ${rule}`
        ).join(", ");
      default:
        return message.kind;
    }
  }

  /** A message with events in this session. */
  batchOf(...events: readonly NodeEvent[]): NodeMessage {
    const batch = ++this.#batches;
    return { kind: "EVENTS", session: this.session, batch, events };
  }

  /** Reports events. @returns The result of each, or the error. */
  async events(...events: readonly NodeEvent[]): Promise<string> {
    return await this.say(this.batchOf(...events));
  }

  async #send(frames: Frames): Promise<boolean> {
    const sent = await this.#orSilence(async (signal) => {
      await this.#socket.send(frames, signal);
      return true;
    });
    return sent === true;
  }

  async #orSilence<T>(
    wait: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const signal = AbortSignal.timeout(this.#silenceMs);
    try {
      return await wait(signal);
    } catch (error) {
      if (error !== signal.reason) throw error;
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}
