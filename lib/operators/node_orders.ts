/**
 * Sends orders to programs of nodes for a waiting operator, and collects their
 * answers.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import type { BanKey } from "../ban/ban.ts";
import type { Address } from "../base/address.ts";
import type { NodeRole, SessionId } from "../base/ids.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import type { LocalAnswer } from "./local_unban_service.ts";
import type { ConnectedProgram } from "./node_moves.ts";
import type {
  NodeCondition,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";
import type { DrillWord, ProbeVerdict } from "../wire/v2_probes.ts";

/** A question to nodes: what would they do with a ban? */
export interface ProbeOrder {
  /** The address of the ban. */
  readonly address: Address;
  /** `null` for every node. */
  readonly node: HostName | null;
  /** Timeout in milliseconds. */
  readonly waitMs: number;
}

/** An order to ban an address for a short time. */
export interface DrillOrder extends Omit<ProbeOrder, "node"> {
  readonly node: HostName;
  /** How long the ban lasts, in milliseconds. */
  readonly holdMs: number;
}

/** A program's answer to a probe. */
export interface ProbeSaid extends ProbeVerdict {
  /** The program's condition. */
  readonly state: NodeCondition;
  /** Time from the question to the answer, in milliseconds. */
  readonly tookMs: number;
}

/** A program that was probed. */
export interface ProbedProgram {
  readonly node: HostName;
  readonly role: NodeRole;
  /** `undefined` when it did not answer in time. */
  readonly said: ProbeSaid | undefined;
}

/** Sends tests to nodes. Rejects only with the signal's reason. */
export interface TestedNodes {
  /** Asks each connected program once. */
  probe(
    order: ProbeOrder,
    signal: AbortSignal,
  ): Promise<readonly ProbedProgram[]>;
  /**
   * Has a subscriber ban an address. @returns `undefined` when it did not
   * answer in time.
   */
  drill(
    order: DrillOrder,
    signal: AbortSignal,
  ): Promise<DrillWord | undefined>;
}

/** Answers of programs to orders. */
export type OrderAnswer = Extract<
  NodeMessage,
  { readonly kind: "UNBANNED" | "PROBED" | "DRILLED" }
>;
type AnswerOf<K extends OrderAnswer["kind"]> = Extract<
  OrderAnswer,
  { readonly kind: K }
>;

/** Options for {@link NodeOrders}. */
export interface NodeOrdersOptions {
  /** The sessions of all programs, the longest silent first. */
  readonly sessions: () => readonly ConnectedProgram[];
  /** Sends a message in a session. */
  readonly say: (session: SessionId, message: PublisherMessage) => void;
  /** Asks subscribers on the stream; `null` for all of them. */
  readonly broadcast: (
    order: number,
    address: Address,
    node: HostName | null,
  ) => void;
  readonly clock: Pick<Clock, "delay" | "monotonicMs">;
}

/** An answer to an order. */
interface HeardAnswer<K extends OrderAnswer["kind"]> {
  readonly from: ConnectedProgram;
  readonly answer: AnswerOf<K>;
  /** Time from the order to the answer, in milliseconds. */
  readonly tookMs: number;
}

interface Waiting {
  readonly kind: OrderAnswer["kind"];
  readonly awaited: Map<SessionId, ConnectedProgram>;
  readonly note: (from: ConnectedProgram, answer: OrderAnswer) => void;
}

/** An order to several sessions. */
interface Order<K extends OrderAnswer["kind"]> {
  /** The kind of its answers. */
  readonly kind: K;
  readonly to: readonly ConnectedProgram[];
  readonly give: (order: number) => void;
  /** Timeout in milliseconds. */
  readonly waitMs: number;
  /**
   * Called with each answer. @returns Whether further answers are not needed.
   */
  readonly isEnough?: (answer: AnswerOf<K>, from: ConnectedProgram) => boolean;
}

/** The answer that counts when a node's programs differ. */
const BEST_FIRST: readonly LocalAnswer["outcome"][] = [
  "lifted",
  "absent",
  "failed",
  "off",
];

/** Sends orders; ignores answers that nobody waits for. */
export class NodeOrders implements TestedNodes {
  readonly #options: NodeOrdersOptions;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  /** @param options See {@link NodeOrdersOptions}. */
  constructor(options: NodeOrdersOptions) {
    this.#options = options;
  }

  /**
   * Has a node's own fail2ban unban an address. Asks all programs of the node:
   * only the node knows which of them has access to its fail2ban.
   *
   * @param node The node that reported the ban.
   * @param waitMs Timeout in milliseconds.
   * @throws the signal's reason on abort.
   */
  async unban(
    node: HostName,
    { jail, address }: BanKey,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    const to = this.#sessionsOf(node);
    if (to.length === 0) return { outcome: "away", detail: "" };
    const heard = await this.#ask({
      kind: "UNBANNED",
      ...{ to, waitMs },
      give: (order) => this.#tell(to, { kind: "UNBAN", order, jail, address }),
      isEnough: ({ outcome }) => outcome === "lifted",
    }, signal);
    const answers = heard.map(({ answer: { outcome, detail } }) => ({
      outcome,
      detail,
    }));
    return bestOf(answers) ?? { outcome: "silent", detail: "" };
  }

  /**
   * Asks programs what they would do with a ban: subscribers on the stream,
   * which also carries bans, and monitors in their sessions, since they have no
   * stream.
   *
   * @returns One entry for each asked role of a node.
   * @throws the signal's reason on abort.
   */
  async probe(
    { address, node, waitMs }: ProbeOrder,
    signal: AbortSignal,
  ): Promise<readonly ProbedProgram[]> {
    const to = this.#sessionsOf(node);
    const monitors = to.filter(({ role }) => role === "monitor");
    // A program that reconnected may still have silent older sessions.
    const programs = new Map(
      to.map((session) => [programOf(session), session]),
    );
    const missing = new Set(programs.keys());
    const heard = await this.#ask({
      kind: "PROBED",
      ...{ to, waitMs },
      give: (order) => {
        this.#tell(monitors, { kind: "PROBE", order, address });
        if (monitors.length < to.length) {
          this.#options.broadcast(order, address, node);
        }
      },
      isEnough: (_, from) => {
        missing.delete(programOf(from));
        return missing.size === 0;
      },
    }, signal);
    const answers = new Map(
      heard.filter(({ from, answer }) => from.role === answer.state.kind)
        .map((each) => [programOf(each.from), each]),
    );
    return [...programs].map(([key, { node, role }]) => {
      const { answer, tookMs } = answers.get(key) ?? {};
      return answer === undefined || tookMs === undefined
        ? { node, role, said: undefined }
        : { node, role, said: { ...answer, tookMs } };
    });
  }

  /**
   * Has a node's subscriber ban an address for a short time.
   *
   * @returns The result; `undefined` when it did not answer in time.
   * @throws the signal's reason on abort.
   */
  async drill(
    { address, node, holdMs, waitMs }: DrillOrder,
    signal: AbortSignal,
  ): Promise<DrillWord | undefined> {
    const subscribers = this.#sessionsOf(node)
      .filter(({ role }) => role === "subscriber");
    // The most recently active session; earlier ones belong to programs that
    // are gone.
    const to = subscribers.slice(-1);
    const [heard] = await this.#ask({
      kind: "DRILLED",
      ...{ to, waitMs },
      give: (order) =>
        this.#tell(to, { kind: "DRILL", order, address, holdMs }),
    }, signal);
    if (heard === undefined) return undefined;
    const { answer: { actions, detail } } = heard;
    return { actions, detail };
  }

  /** Handles an answer. */
  note(answer: OrderAnswer): void {
    const { session, order, kind } = answer;
    const waiting = this.#waiting.get(order);
    const from = waiting?.awaited.get(session);
    if (from === undefined || waiting?.kind !== kind) return;
    waiting.awaited.delete(session);
    waiting.note(from, answer);
  }

  async #ask<K extends OrderAnswer["kind"]>(
    { kind, to, give, waitMs, isEnough = () => false }: Order<K>,
    signal: AbortSignal,
  ): Promise<readonly HeardAnswer<K>[]> {
    const { clock } = this.#options;
    const order = ++this.#orders;
    const beganMs = clock.monotonicMs();
    const changed = new Condition();
    const heard: HeardAnswer<K>[] = [];
    let isOver = to.length === 0;
    const awaited = new Map(to.map((session) => [session.id, session]));
    const note = (from: ConnectedProgram, said: OrderAnswer) => {
      // `note()` checked that its kind is the order's.
      const answer = said as AnswerOf<K>;
      heard.push({ from, answer, tookMs: clock.monotonicMs() - beganMs });
      isOver = awaited.size === 0 || isEnough(answer, from);
      changed.notify();
    };
    this.#waiting.set(order, { kind, awaited, note });
    try {
      if (!isOver) give(order);
      await inTime(clock, waitMs, signal, async (ended) => {
        while (!isOver) await changed.wait(ended);
      });
    } finally {
      this.#waiting.delete(order);
    }
    return heard;
  }

  #tell(to: readonly ConnectedProgram[], message: PublisherMessage): void {
    for (const { id } of to) this.#options.say(id, message);
  }

  #sessionsOf(node: HostName | null): readonly ConnectedProgram[] {
    const all = this.#options.sessions();
    return node === null
      ? all
      : all.filter((session) => sameHost(session.node, node));
  }
}

function programOf({ node, role }: ConnectedProgram): string {
  return `${role} ${canonicalHost(node)}`;
}

function bestOf(answers: readonly LocalAnswer[]): LocalAnswer | undefined {
  for (const outcome of BEST_FIRST) {
    const answer = answers.find((each) => each.outcome === outcome);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
