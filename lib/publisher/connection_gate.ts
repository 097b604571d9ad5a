/**
 * Restricts the publisher's ports to its members: admits their connections, and
 * cuts those of former members.
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";
import type { HostName } from "../base/host_name.ts";
import type { MemberList } from "../members/member.ts";
import type { MemberConnections } from "../front/front.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { runTogether } from "../async/tasks.ts";
import {
  type AskedPeer,
  type PeerVerdict,
  ZapServer,
  type ZapServerCounters,
} from "../zmq/zap_server.ts";

/** Gives each new list of members until aborted, then returns. */
export type ListChanges = (signal: AbortSignal) => AsyncIterable<MemberList>;

/** Options for {@link ConnectionGate}. */
export interface ConnectionGateOptions {
  /** The ROUTER that libzmq asks about each connection. */
  readonly zap: MessageSocket;
  readonly authenticator: Authenticator;
  readonly changes: ListChanges;
  /** The connections of the control port. */
  readonly control: MemberConnections;
  /**
   * The connections of the stream port; only nodes that may read it are
   * admitted.
   */
  readonly stream: MemberConnections;
  /** Called with each list. @default {no call} */
  readonly onList?: (list: MemberList) => void;
  /** Ends a node's sessions without closing its connections. */
  readonly endSessions: (node: HostName) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Serves until stopped. */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #zap: ZapServer;
  #cuts = 0;

  /** @param options See {@link ConnectionGateOptions}. */
  constructor(options: ConnectionGateOptions) {
    this.#options = options;
    const { zap, clock, log } = options;
    this.#zap = new ZapServer({
      ...{ socket: zap, clock, log },
      judge: (peer) => this.#judge(peer),
      describe: (key) => options.authenticator.describe(key),
    });
  }

  /** Totals of ZAP answers and of cut connections. */
  get counters(): ZapServerCounters & { readonly cuts: number } {
    return { ...this.#zap.counters, cuts: this.#cuts };
  }

  /**
   * Ends the sessions of nodes and cuts their connections, and no others. To
   * keep a node out, make the authenticator refuse it first.
   */
  expel(nodes: readonly HostName[]): void {
    const { control, stream, endSessions } = this.#options;
    for (const node of nodes) {
      endSessions(node);
      this.#cuts += control.cut(node) + stream.cut(node);
    }
  }

  /**
   * Serves until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason or
   * resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#zap.run(group),
      (group) => this.#watch(group),
    ]);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { changes, authenticator, endSessions, onList, log } = this.#options;
    for await (const list of changes(signal)) {
      const { expelled, changed } = authenticator.setMembers(list);
      log.record("notice", "members read again", {
        members: list.members.length,
        revision: list.revision,
        expelled: expelled.join(" ") || undefined,
      });
      onList?.(list);
      for (const node of changed) endSessions(node);
      this.expel(expelled);
    }
  }

  #judge({ domain, publicKey }: AskedPeer): PeerVerdict {
    const { control, stream, authenticator } = this.#options;
    const speaker = control.asked(domain);
    const connection = speaker ?? stream.asked(domain);
    if (connection === undefined) return { isAdmitted: false };
    const { address } = connection;
    if (publicKey === undefined) return { isAdmitted: false, address };
    const node = speaker === undefined
      ? authenticator.listener(publicKey)
      : authenticator.admitted(publicKey);
    if (node === undefined) return { isAdmitted: false, address };
    connection.letIn(node);
    return { isAdmitted: true };
  }
}
