/**
 * A node on a real network that says what a test says, with whatever key.
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

/** Until an answer on a quiet machine. */
const ANSWER_MS = 5_000;
/** Where no answer is expected, it surely would have come by then. */
export const SILENCE_MS = 1_000;

/** Who says HELLO. */
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
   * A member that said HELLO and heard WELCOME.
   *
   * @param silenceMs When WELCOME surely does not come; what it says later is waited for as usual.
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

  /** What it says next is not answered: nothing is an answer, after this time. */
  expectsSilence(): void {
    this.#silenceMs = SILENCE_MS;
  }

  /** Says HELLO. @returns The answer in words. */
  async hello({ node, role = "monitor", token }: RawHello): Promise<string> {
    return await this.say({
      ...{ kind: "HELLO", node: host(node), role, token, version: "1.0.0" },
    });
  }

  /** Says anything. @returns The answer in words: its kind, `ERROR code`, `silence`. */
  async say(message: NodeMessage): Promise<string> {
    return await this.sayFrames(encodeNodeMessage(message));
  }

  /** Says it, whatever it is. */
  async sayFrames(frames: Frames): Promise<string> {
    return await this.#send(frames) ? await this.next() : "silence";
  }

  /** Says something whose answer is not waited for. @returns Whether it found room. */
  async sayOnly(message: NodeMessage): Promise<boolean> {
    return await this.#send(encodeNodeMessage(message));
  }

  /** The next message, in words. */
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

  /** A message with events, of this session. */
  batchOf(...events: readonly NodeEvent[]): NodeMessage {
    const batch = ++this.#batches;
    return { kind: "EVENTS", session: this.session, batch, events };
  }

  /** Reports events. @returns What became of each, or the error. */
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
