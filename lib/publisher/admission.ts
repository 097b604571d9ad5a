/**
 * Decides about each HELLO: which member sends it, whether both sides speak a
 * common revision, and whether another host already runs as that node.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { ErrorCode } from "../wire/v2_messages.ts";
import type { Log } from "../log/log.ts";
import type { Member } from "../members/member.ts";
import { plainText } from "../wire/v2.ts";
import {
  commonRevision,
  SPOKEN,
  spokenText,
  UNSAID,
} from "../wire/spoken_revisions.ts";
import type { Authenticator, Hello } from "./authenticator.ts";
import type { NodeQuotas } from "./node_quotas.ts";
import type { NodeStates } from "../presence/node_states.ts";
import type { NodeSession, Sessions } from "./sessions.ts";

/** Options for {@link Admission}. */
export interface AdmissionOptions {
  /** Authenticates a HELLO. */
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly quotas: Pick<NodeQuotas, "takesMessage">;
  readonly states: Pick<NodeStates, "greet" | "noteWelcome">;
  readonly sessions: Pick<Sessions, "start" | "endOf" | "get">;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the program of a session for a STATE. */
  readonly ask: (session: NodeSession) => void;
}

/** The result of a HELLO. */
export type Admitted =
  | {
    readonly ok: true;
    readonly session: NodeSession;
    /** The revision that both sides use from now on. */
    readonly speaks: number;
  }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** The answer to a second host. */
const TWIN_REASON = "another host runs as this node with the same join code";

/** Starts sessions. */
export class Admission {
  readonly #options: AdmissionOptions;

  /** @param options See {@link AdmissionOptions}. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Decides about a HELLO, and starts the session.
   *
   * @param hello The message.
   * @param route The return address of the connection.
   */
  async admit(hello: Hello, route: string): Promise<Admitted> {
    const { authenticator, quotas } = this.#options;
    const verdict = await authenticator.authenticate(hello);
    if (!verdict.ok) return verdict;
    const { member } = verdict;
    if (!quotas.takesMessage(member)) {
      return refusal("aside", "the node is set aside");
    }
    const theirs = hello.speaks ?? UNSAID;
    const speaks = commonRevision(SPOKEN, theirs);
    if (speaks === undefined) {
      return this.#refuseRevisions(hello, member, spokenText(theirs));
    }
    return this.#begin(hello, member, route, speaks);
  }

  #begin(
    hello: Hello,
    member: Member,
    route: string,
    speaks: number,
  ): Admitted {
    const { states, sessions, clock } = this.#options;
    const { name: node } = member;
    const { role, version } = hello;
    const nowMs = clock.nowMs();
    const greeting = states.greet(node, role, hello, nowMs);
    if (greeting.kind === "twin") {
      const first = greeting.ask && sessions.get(greeting.ask);
      if (first !== undefined) this.#options.ask(first);
      if (greeting.isNews) this.#tellTwin(hello, member);
      return refusal("twin", TWIN_REASON);
    }
    if (greeting.ousts) sessions.endOf(node, role);
    const session = sessions.start({ route, node, member, role, version });
    states.noteWelcome(node, role, session.id, hello, nowMs);
    return { ok: true, session, speaks };
  }

  #refuseRevisions(
    { role, version }: Hello,
    { name: node }: Member,
    theirs: string,
  ): Admitted {
    const ours = spokenText(SPOKEN);
    this.#options.log.record("error", "a node speaks another protocol", {
      ...{ node, role, version, theirs, ours },
      hint: "update the older of the two programs",
    });
    return refusal(
      "version",
      `it speaks ${ours} of protocol 2, and ${node}'s ${version} ${theirs}: update the older one`,
    );
  }

  #tellTwin({ role }: Hello, { name: node }: Member): void {
    this.#options.log.record("error", "one join code is used on two hosts", {
      ...{ node, role },
      done: "the second one is refused while the first is there",
      hint:
        `fail2ban-cluster node add NAME for the second, and join with that code there`,
    });
  }
}

function refusal(code: ErrorCode, message: string): Admitted {
  return { ok: false, code, message: plainText(message) };
}
