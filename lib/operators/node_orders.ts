/**
 * Has programs of nodes do something for an operator who waits, and hears what
 * they say to it.
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

/** Whom to ask what they would do with a ban. */
export interface ProbeOrder {
  /** Of whom the ban would be. */
  readonly address: Address;
  /** `null`: everybody. */
  readonly node: HostName | null;
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
}

/** Who is to ban for a moment. */
export interface DrillOrder extends Omit<ProbeOrder, "node"> {
  readonly node: HostName;
  /** For how long, in milliseconds. */
  readonly holdMs: number;
}

/** What a program says that it would do. */
export interface ProbeSaid extends ProbeVerdict {
  /** How it is. */
  readonly state: NodeCondition;
  /** Since it was asked, in milliseconds. */
  readonly tookMs: number;
}

/** A program that was asked. */
export interface ProbedProgram {
  readonly node: HostName;
  readonly role: NodeRole;
  /** `undefined`: it did not answer in time. */
  readonly said: ProbeSaid | undefined;
}

/** Asks nodes. Rejects with the signal's reason only. */
export interface TestedNodes {
  /** Asks the programs that are connected, each once. */
  probe(
    order: ProbeOrder,
    signal: AbortSignal,
  ): Promise<readonly ProbedProgram[]>;
  /** Has a subscriber ban. @returns `undefined`: it did not answer in time. */
  drill(
    order: DrillOrder,
    signal: AbortSignal,
  ): Promise<DrillWord | undefined>;
}

/** What programs say to an order. */
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
  /** The sessions of all programs, the one that was silent longest first. */
  readonly sessions: () => readonly ConnectedProgram[];
  /** Says something in a session. */
  readonly say: (session: SessionId, message: PublisherMessage) => void;
  /** Asks every subscriber on the stream; `null`: all of them. */
  readonly broadcast: (
    order: number,
    address: Address,
    node: HostName | null,
  ) => void;
  readonly clock: Pick<Clock, "delay" | "monotonicMs">;
}

/** An answer of a program. */
interface HeardAnswer<K extends OrderAnswer["kind"]> {
  readonly from: ConnectedProgram;
  readonly answer: AnswerOf<K>;
  /** Since the order, in milliseconds. */
  readonly tookMs: number;
}

interface Waiting {
  readonly kind: OrderAnswer["kind"];
  readonly awaited: Map<SessionId, ConnectedProgram>;
  readonly note: (from: ConnectedProgram, answer: OrderAnswer) => void;
}

/** An order to sessions. */
interface Order<K extends OrderAnswer["kind"]> {
  /** The answer that it has. */
  readonly kind: K;
  readonly to: readonly ConnectedProgram[];
  readonly give: (order: number) => void;
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
  /** Told of each answer. @returns Whether those of others are needless now. */
  readonly isEnough?: (answer: AnswerOf<K>, from: ConnectedProgram) => boolean;
}

/** The answer that counts where a node's programs give several. */
const BEST_FIRST: readonly LocalAnswer["outcome"][] = [
  "lifted",
  "absent",
  "failed",
  "off",
];

/** Gives orders; what nobody waits for any more is not heard. */
export class NodeOrders implements TestedNodes {
  readonly #options: NodeOrdersOptions;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  /** @param options See {@link NodeOrdersOptions}. */
  constructor(options: NodeOrdersOptions) {
    this.#options = options;
  }

  /**
   * Has a node's own fail2ban unban. All programs of the node are asked: which
   * of them has the right at its fail2ban is known there only.
   *
   * @param node Who reported the ban.
   * @param waitMs How long it has to answer, in milliseconds.
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
   * Asks programs what they would do with a ban: subscribers on the stream, on
   * which bans come, and monitors, who have no stream, in their sessions.
   *
   * @returns A program of a node in each role that was asked.
   * @throws the signal's reason on abort.
   */
  async probe(
    { address, node, waitMs }: ProbeOrder,
    signal: AbortSignal,
  ): Promise<readonly ProbedProgram[]> {
    const to = this.#sessionsOf(node);
    const monitors = to.filter(({ role }) => role === "monitor");
    // A program that connected anew has sessions of before, which are silent.
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
   * Has a node's subscriber ban for a moment.
   *
   * @returns What came of it; `undefined`: it did not say.
   * @throws the signal's reason on abort.
   */
  async drill(
    { address, node, holdMs, waitMs }: DrillOrder,
    signal: AbortSignal,
  ): Promise<DrillWord | undefined> {
    const subscribers = this.#sessionsOf(node)
      .filter(({ role }) => role === "subscriber");
    // The one that was silent shortest: those before it are of programs that are gone.
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

  /** Hears what a program says. */
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
      // Its kind is that of the order.
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
