/**
 * The publisher's side of the control socket of protocol 2.
 *
 * @module
 */

import { runTogether } from "../async/tasks.ts";
import { BusyError } from "../ban/ban_hub.ts";
import { StoreLeftError } from "../ban/ban_store.ts";
import type {
  ErrorCode,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";
import type { NodeRole, SessionId } from "../base/ids.ts";
import { RuntimeError } from "../base/errors.ts";
import { EventIntake, type EventIntakeCounters } from "./event_intake.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { HostName } from "../base/host_name.ts";
import { LateGreetings } from "./late_greetings.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { Admission } from "./admission.ts";
import type { ControlServerOptions, InSession } from "./control_options.ts";
import { QuarantinedError } from "./node_quotas.ts";
import { SendQueue } from "../zmq/send_queue.ts";
import type { Frames } from "../zmq/ports.ts";
import { messageCost, sizeCost } from "./message_costs.ts";
import {
  ReceiptIntake,
  type ReceiptIntakeCounters,
  receiptsOf,
} from "./receipt_intake.ts";
import { type NodeSession, Sessions } from "./sessions.ts";
import { decodeNodeMessage, encodePublisherMessage } from "../wire/v2.ts";

/** Totals of a {@link ControlServer}. */
export interface ControlServerCounters {
  /** Messages received. */
  received: number;
  /** Messages answered with an ERROR. */
  errors: number;
  /** Messages without a usable return address. */
  unanswerable: number;
}

type Routed = { readonly route: Uint8Array; readonly key: string };

/** While more answers wait, nothing is received: libzmq applies backpressure. */
const MAX_ANSWERS_WAITING = 16;
/** Longest return address that libzmq creates. */
const MAX_ROUTE_BYTES = 255;
/** Constant, so it is created once. */
const HEARD: PublisherMessage = { kind: "HEARD" };
/** Makes a node search for the active publisher. */
const SERVED_ELSEWHERE: PublisherMessage = {
  ...{ kind: "ERROR", code: "session", message: "another publisher serves" },
};

/** Serves nodes until stopped. */
export class ControlServer {
  /** Totals since the start. */
  readonly counters: ControlServerCounters = {
    received: 0,
    errors: 0,
    unanswerable: 0,
  };
  readonly #options: ControlServerOptions;
  readonly #sessions: Sessions;
  readonly #sendQueue: SendQueue;
  readonly #intake: EventIntake;
  readonly #receiptIntake: ReceiptIntake;
  readonly #troubleLog: LogThrottle;
  readonly #admission: Admission;
  readonly #late: LateGreetings;
  #isDismissed = false;

  /** @param options See {@link ControlServerOptions}. */
  constructor(options: ControlServerOptions) {
    this.#options = options;
    const { newSessionId, syncServer, socket, log, clock } = options;
    this.#sessions = new Sessions({
      newId: newSessionId,
      onEnd: (id) => syncServer.leave(id),
    });
    this.#sendQueue = new SendQueue(socket);
    const troubleLog = new LogThrottle(log, clock);
    this.#intake = new EventIntake({ ...options, troubleLog });
    this.#receiptIntake = new ReceiptIntake(options);
    this.#troubleLog = troubleLog;
    this.#admission = new Admission({
      ...options,
      sessions: this.#sessions,
      ask: (session) => this.#say(session, { kind: "ASK" }),
    });
    const { mayGreet = () => true } = options;
    this.#late = new LateGreetings({
      clock,
      mayGreet: () => !this.#isDismissed && mayGreet(),
    });
  }

  /** Totals of events. */
  get events(): Readonly<EventIntakeCounters> {
    return this.#intake.counters;
  }

  /** Totals of receipts. */
  get receipts(): Readonly<ReceiptIntakeCounters> {
    return this.#receiptIntake.counters;
  }

  /** Number of dropped answers; their nodes ask again. */
  get dropped(): number {
    return this.#sendQueue.dropped;
  }

  /** Number of sessions. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Ends a node's sessions, so that it must say HELLO again. */
  endSessions(node: HostName): void {
    this.#sessions.endOf(node);
    this.#options.states.noteCut(node);
  }

  /** Sends a message to each session of a node. @returns The sessions. */
  say(node: HostName, message: PublisherMessage): readonly NodeSession[] {
    const sessions = this.#sessions.of(node);
    for (const session of sessions) this.#say(session, message);
    return sessions;
  }

  /** All sessions, the longest silent first. */
  all(): readonly NodeSession[] {
    return this.#sessions.all();
  }

  /** Sends a message in a session. */
  sayIn(id: SessionId, message: PublisherMessage): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#say(session, message);
  }

  /** Makes every node search for another publisher; ends all service. */
  dismiss(): void {
    this.#isDismissed = true;
    for (const session of this.#sessions.all()) {
      this.#say(session, SERVED_ELSEWHERE);
      this.#sessions.end(session.id);
    }
  }

  /** Sends the new allowlist to every session. */
  sendAllowlist(list: Allowlist): void {
    const message = encodePublisherMessage({ kind: "IGNORE", ...list });
    for (const { route } of this.#sessions.all()) {
      this.#sendQueue.put([Uint8Array.fromHex(route), ...message]);
    }
  }

  /**
   * Serves until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.tasks.run(signal, (ended) =>
        runTogether(ended, [
          (group) => this.#receive(group),
          (group) => this.#sendQueue.run(group),
          (group) => this.#receiptIntake.run(group),
          (group) => this.#late.run(group),
        ]));
    } finally {
      this.#troubleLog.flush();
    }
  }

  async #receive(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#sendQueue.room(MAX_ANSWERS_WAITING, signal);
      const [route, ...frames] = await this.#options.socket.receive(signal);
      this.counters.received++;
      if (route === undefined || route.length > MAX_ROUTE_BYTES) {
        this.counters.unanswerable++;
        continue;
      }
      this.#handle({ route, key: route.toHex() }, frames);
    }
  }

  #handle(from: Routed, frames: Frames): void {
    const decoded = decodeNodeMessage(frames);
    if (!decoded.ok) {
      this.#countMalformed(from, frames);
      this.#refuse(from, "protocol", `not understood: ${decoded.reason}`);
      return;
    }
    const message = decoded.value;
    if (message.kind === "HELLO") {
      this.#late.greet(message, () => this.#greet(from, message));
      return;
    }
    const session = this.#sessions.find(message.session, from.key);
    if (session === undefined) {
      this.#refuse(from, "session", "no such session");
      return;
    }
    const { quotas, states, clock } = this.#options;
    const cost = messageCost(message, frames);
    // Even above its rate a node is alive, so no other host may replace it.
    states.noteSign(session.node, session.role, clock.nowMs());
    if (!quotas.takesMessage(session.member, cost)) return;
    this.#serve(from, session, message);
  }

  /** Blames a node only for messages with its session's id: it is secret. */
  #countMalformed({ key }: Routed, frames: Frames): void {
    const session = this.#sessions.sessionMentionedIn(key, frames);
    if (session === undefined) return;
    const { node, member } = session;
    const { quotas } = this.#options;
    if (quotas.takesMessage(member, 1 + sizeCost(frames))) {
      quotas.noteBad(node, "malformed");
    }
  }

  #serve(
    from: Routed,
    session: NodeSession,
    message: Exclude<NodeMessage, { kind: "HELLO" }>,
  ): void {
    switch (message.kind) {
      case "EVENTS":
        if (this.#mayNot(from, session, "monitor")) return;
        this.#events(from, session, message);
        return;
      case "SYNC":
        if (this.#mayNot(from, session, "subscriber")) return;
        this.#sync(from, session, message);
        return;
      case "RECEIPTS":
        if (this.#mayNot(from, session, "subscriber")) return;
        this.#receipts(from, session, message);
        return;
      case "STATE":
        if (this.#mayNot(from, session, message.state.kind)) return;
        this.#noteCondition(session, message);
        this.#answer(from, HEARD);
        return;
      case "UNBANNED":
      case "PROBED":
      case "DRILLED":
      case "MOVED":
        return this.#options.onAnswer(session, message);
      case "BYE":
        this.#noteBye(from, session);
    }
  }

  #sync(from: Routed, { id }: NodeSession, question: InSession<"SYNC">): void {
    const { syncServer, clock, onCaughtUp } = this.#options;
    const answer = syncServer.answer(id, question, clock.nowMs());
    this.#answer(from, answer);
    if (answer.kind === "CHANGES" && answer.to === answer.seq) onCaughtUp();
  }

  #noteCondition(
    { node, role }: NodeSession,
    { state }: InSession<"STATE">,
  ): void {
    const { states, clock } = this.#options;
    states.noteCondition(node, role, state, clock.nowMs());
  }

  #noteBye(from: Routed, { id, node, role }: NodeSession): void {
    const { states, clock } = this.#options;
    states.noteBye(node, role, id, clock.nowMs());
    this.#sessions.end(id);
    this.#troubleLog.record("info", "node says bye", { node, role });
    this.#answer(from, { kind: "ACK", batch: 0, results: [] });
  }

  #mayNot(from: Routed, session: NodeSession, role: NodeRole): boolean {
    if (session.role === role) return false;
    this.#refuse(from, "protocol", `only a ${role} may say that`);
    return true;
  }

  #greet(from: Routed, hello: InSession<"HELLO">): void {
    this.#answerLater(from, async () => {
      const verdict = await this.#admission.admit(hello, from.key);
      if (verdict.ok) {
        const welcome = this.#welcome(verdict.session, verdict.speaks);
        return [welcome, this.#options.greeting() ?? []].flat();
      }
      const { code, message } = verdict;
      if (code !== "twin") return this.#complaint(code, message);
      // The admission logged it once; the second host retries for ever.
      this.counters.errors++;
      return { kind: "ERROR", code, message };
    });
  }

  #welcome(
    { id: session, node, role, version }: NodeSession,
    speaks: number,
  ): PublisherMessage {
    const { store: { epoch }, hub, limits, allowlist } = this.#options;
    this.#troubleLog.record("info", "node connected", { node, role, version });
    return {
      ...{ kind: "WELCOME", session, speaks, epoch, limits },
      ...{ seq: hub.table.seq, ...allowlist() },
      publisher: this.#options.facts(),
    };
  }

  #events(
    from: Routed,
    { member }: NodeSession,
    { batch, events }: InSession<"EVENTS">,
  ): void {
    this.#answerLater(from, async () => {
      const results = await this.#intake.accept(member, events);
      return { kind: "ACK", batch, results };
    });
  }

  #receipts(
    from: Routed,
    { node }: NodeSession,
    { batch, results }: InSession<"RECEIPTS">,
  ): void {
    const receipts = receiptsOf(node, results, this.#options.clock.nowMs());
    this.#options.onReceipts(receipts);
    this.#answerLater(from, async () => {
      await this.#receiptIntake.accept(receipts);
      return { kind: "ACK", batch, results: [] };
    });
  }

  /** Sends the answer once it is known; other messages are served meanwhile. */
  #answerLater(
    from: Routed,
    answer: () => Promise<PublisherMessage | readonly PublisherMessage[]>,
  ): void {
    this.#options.tasks.add(async () => {
      try {
        for (const message of [await answer()].flat()) {
          this.#answer(from, message);
        }
      } catch (error) {
        this.#refuseFor(from, error);
      }
    });
  }

  #refuseFor(from: Routed, error: unknown): void {
    if (error instanceof BusyError) {
      this.#refuse(from, "busy", error.message);
    } else if (error instanceof QuarantinedError) {
      this.#refuse(from, "aside", error.message);
    } else if (error instanceof StoreLeftError) {
      this.#answer(from, SERVED_ELSEWHERE);
    } else if (error instanceof RuntimeError) {
      this.#refuse(from, "store", "nothing was kept");
    } else throw error;
  }

  #answer({ route }: Routed, message: PublisherMessage): void {
    this.#send(route, encodePublisherMessage(message));
  }

  #say({ route }: NodeSession, message: PublisherMessage): void {
    this.#send(Uint8Array.fromHex(route), encodePublisherMessage(message));
  }

  #send(route: Uint8Array, frames: Frames): void {
    this.#sendQueue.put([route, ...frames]);
  }

  #refuse(from: Routed, code: ErrorCode, message: string): void {
    this.#answer(from, this.#complaint(code, message));
  }

  #complaint(code: ErrorCode, message: string): PublisherMessage {
    this.counters.errors++;
    if (!this.#isDismissed) {
      this.#troubleLog.record("warning", "message refused", { code, message });
    }
    return { kind: "ERROR", code, message };
  }
}
