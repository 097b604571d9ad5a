/**
 * The publisher's side of the control socket of protocol 2.
 *
 * @module
 */

import { BusyError } from "../ban/ban_hub.ts";
import type {
  ErrorCode,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";
import type { NodeRole } from "../base/ids.ts";
import type {
  ControlServerCounters,
  ControlServerOptions,
} from "./control_server_options.ts";
import { RuntimeError } from "../base/errors.ts";
import { EventIntake, type EventIntakeCounters } from "./event_intake.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { HostName } from "../base/host_name.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Member } from "../members/member.ts";
import { QuarantinedError } from "./node_quotas.ts";
import { SendQueue } from "../zmq/send_queue.ts";
import type { Frames } from "../zmq/ports.ts";
import { ReceiptIntake, type ReceiptIntakeCounters } from "./receipt_intake.ts";
import { type NodeSession, Sessions } from "./sessions.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { decodeNodeMessage, encodePublisherMessage } from "../wire/v2.ts";

type Routed = { readonly route: Uint8Array; readonly key: string };
type InSession<K extends NodeMessage["kind"]> = Extract<
  NodeMessage,
  { readonly kind: K }
>;

const MAX_ROUTE_BYTES = 255;
const NEVER = new Condition();
/** So many bytes cost as much as a plain message. */
const BYTES_OF_ONE = 16_384;
/** What a message costs to answer, in plain ones: a part of the table is some 2,000 bans. */
const COSTS = { EVENTS: 1, RECEIPTS: 1, SYNC: 10 } as const;

/** Serves nodes until stopped. */
export class ControlServer {
  /** What was done so far. */
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
  readonly #bug = Promise.withResolvers<never>();

  /** @param options What the server is made of. */
  constructor(options: ControlServerOptions) {
    this.#options = options;
    const { newSessionId, desk, socket, log, clock } = options;
    this.#sessions = new Sessions({
      newId: newSessionId,
      onEnd: (id) => desk.leave(id),
    });
    this.#sendQueue = new SendQueue(socket);
    const troubleLog = new LogThrottle(log, clock);
    this.#intake = new EventIntake({ ...options, troubleLog });
    this.#receiptIntake = new ReceiptIntake(options);
    this.#troubleLog = troubleLog;
  }

  /** What became of events so far. */
  get events(): Readonly<EventIntakeCounters> {
    return this.#intake.counters;
  }

  /** What became of receipts so far. */
  get receipts(): Readonly<ReceiptIntakeCounters> {
    return this.#receiptIntake.counters;
  }

  /** Answers that were dropped: their nodes ask again. */
  get dropped(): number {
    return this.#sendQueue.dropped;
  }

  /** Sessions that are known. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** The sessions of a node. */
  sessionsOf(node: HostName): readonly NodeSession[] {
    return this.#sessions.of(node);
  }

  /** Ends the sessions of a node: it has to say HELLO again. */
  endSessions(node: HostName): void {
    this.#sessions.endOf(node);
  }

  /** Tells every session the allowlist that counts from now on. */
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
      await runTogether(signal, [
        (group) => this.#receive(group),
        (group) => this.#sendQueue.run(group),
        (group) => this.#receiptIntake.run(group),
        (group) => Promise.race([this.#bug.promise, NEVER.wait(group)]),
      ]);
    } finally {
      this.#troubleLog.flush();
    }
  }

  async #receive(signal: AbortSignal): Promise<void> {
    while (true) {
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
      this.#greet(from, message);
      return;
    }
    const session = this.#sessions.find(message.session, from.key);
    if (session === undefined) {
      this.#refuse(from, "session", "no such session");
      return;
    }
    const { quotas } = this.#options;
    const cost = COSTS[message.kind] + sizeCost(frames);
    if (!quotas.takesMessage(session.member, cost)) return;
    this.#serve(from, session, message);
  }

  /** A node is blamed for what carries its session: others can't know that. */
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
      case "SYNC": {
        if (this.#mayNot(from, session, "subscriber")) return;
        const { desk, clock } = this.#options;
        this.#answer(from, desk.answer(session.id, message, clock.nowMs()));
        return;
      }
      case "RECEIPTS":
        if (this.#mayNot(from, session, "subscriber")) return;
        this.#receipts(from, session, message);
        return;
    }
  }

  #mayNot(from: Routed, session: NodeSession, role: NodeRole): boolean {
    if (session.role === role) return false;
    this.#refuse(from, "protocol", `only a ${role} may say that`);
    return true;
  }

  #greet(from: Routed, hello: InSession<"HELLO">): void {
    this.#afterwards(from, async () => {
      const { authenticator, quotas } = this.#options;
      const verdict = await authenticator.authenticate(hello);
      if (!verdict.ok) return this.#complaint(verdict.code, verdict.message);
      return quotas.takesMessage(verdict.member)
        ? this.#welcome(from, hello, verdict.member)
        : this.#complaint("aside", "the node is set aside");
    });
  }

  #welcome(
    { key: route }: Routed,
    { role, version }: InSession<"HELLO">,
    member: Member,
  ): PublisherMessage {
    const { store: { epoch }, hub, limits, allowlist } = this.#options;
    const { name: node } = member;
    const { id } = this.#sessions.start({ route, node, member, role, version });
    this.#troubleLog.record("info", "node connected", { node, role, version });
    const { seq } = hub.table;
    const list = allowlist();
    return { kind: "WELCOME", session: id, epoch, seq, limits, ...list };
  }

  #events(
    from: Routed,
    { member }: NodeSession,
    { batch, events }: InSession<"EVENTS">,
  ): void {
    this.#afterwards(from, async () => {
      const results = await this.#intake.accept(member, events);
      return { kind: "ACK", batch, results };
    });
  }

  #receipts(
    from: Routed,
    { node }: NodeSession,
    { batch, results }: InSession<"RECEIPTS">,
  ): void {
    const nowMs = this.#options.clock.nowMs();
    const receipts = results.map(({ agoMs, ...receipt }) => ({
      ...receipt,
      node,
      atMs: nowMs - agoMs,
    }));
    this.#afterwards(from, async () => {
      await this.#receiptIntake.accept(receipts);
      return { kind: "ACK", batch, results: [] };
    });
  }

  /** Answers once it is known what; others are served meanwhile. */
  async #afterwards(
    from: Routed,
    answer: () => Promise<PublisherMessage>,
  ): Promise<void> {
    try {
      this.#answer(from, await answer());
    } catch (error) {
      if (error instanceof BusyError) {
        this.#refuse(from, "busy", error.message);
      } else if (error instanceof QuarantinedError) {
        this.#refuse(from, "aside", error.message);
      } else if (error instanceof RuntimeError) {
        this.#refuse(from, "store", "nothing was kept");
      } else {
        this.#bug.reject(error);
      }
    }
  }

  #answer({ route }: Routed, message: PublisherMessage): void {
    this.#sendQueue.put([route, ...encodePublisherMessage(message)]);
  }

  #refuse(from: Routed, code: ErrorCode, message: string): void {
    this.#answer(from, this.#complaint(code, message));
  }

  #complaint(code: ErrorCode, message: string): PublisherMessage {
    this.counters.errors++;
    this.#troubleLog.record("warning", "message refused", { code, message });
    return { kind: "ERROR", code, message };
  }
}

/** A long message is as much work as many short ones. */
function sizeCost(frames: Frames): number {
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  return Math.floor(bytes / BYTES_OF_ONE);
}
