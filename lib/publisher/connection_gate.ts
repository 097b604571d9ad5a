/**
 * Keeps the publisher's sockets to its members: lets them in, and cuts the
 * connections of who is none any more.
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";
import type { HostName } from "../base/host_name.ts";
import type { MemberList } from "../members/member.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { ZapServer, type ZapServerCounters } from "../zmq/zap_server.ts";

/** Tells the handler which sockets it is asked for. */
export const ZAP_DOMAIN = "fail2ban-cluster";
/** The same for the stream: who may not read does not hear it either. */
export const ZAP_STREAM_DOMAIN = "fail2ban-cluster-stream";

/** A socket whose connections can be cut. */
export interface CuttableSocket {
  /** Cuts all connections; resolves once others can be made. */
  rebind(signal: AbortSignal): Promise<void>;
}

/** Gives each list that is to count from now on, until aborted; it then returns. */
export type ListChanges = (signal: AbortSignal) => AsyncIterable<MemberList>;

/** What a door is made of. */
export interface ConnectionGateOptions {
  /** The ROUTER that libzmq asks. */
  readonly zap: MessageSocket;
  readonly authenticator: Authenticator;
  readonly changes: ListChanges;
  readonly sockets: readonly CuttableSocket[];
  /** Told of each list. @default {nobody is} */
  readonly onList?: (list: MemberList) => void;
  /** Ends the sessions of a node; its connection may still stand. */
  readonly endSessions: (node: HostName) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Connections are cut no oftener, in milliseconds: each time all members connect anew. */
const CUT_EVERY_MS = 500;

/** Serves until stopped. */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #zap: ZapServer;
  readonly #asked = new Condition();
  #hasToCut = false;
  #cuts = 0;

  /** @param options What the door is made of. */
  constructor(options: ConnectionGateOptions) {
    this.#options = options;
    const { authenticator, zap, clock, log } = options;
    this.#zap = new ZapServer({
      ...{ socket: zap, clock, log },
      domains: [ZAP_DOMAIN, ZAP_STREAM_DOMAIN],
      admits: (key, domain) =>
        domain === ZAP_STREAM_DOMAIN
          ? authenticator.mayListen(key)
          : authenticator.admits(key),
      describe: (key) => authenticator.describe(key),
    });
  }

  /** What was done so far: how often connections were cut, and who came. */
  get counters(): ZapServerCounters & { readonly cuts: number } {
    return { ...this.#zap.counters, cuts: this.#cuts };
  }

  /**
   * Ends the sessions of nodes and cuts their connections, soon: the others
   * are cut with them and come back. Whoever is not to come back must not be
   * admitted from now on.
   */
  expel(nodes: readonly HostName[]): void {
    for (const node of nodes) this.#options.endSessions(node);
    if (nodes.length === 0) return;
    this.#hasToCut = true;
    this.#asked.notify();
  }

  /**
   * Serves until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason or resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#zap.run(group),
      (group) => this.#watch(group),
      (group) => this.#cut(group),
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

  async #cut(signal: AbortSignal): Promise<void> {
    const { sockets, clock } = this.#options;
    while (true) {
      while (!this.#hasToCut) await this.#asked.wait(signal);
      this.#hasToCut = false;
      await Promise.all(sockets.map((socket) => socket.rebind(signal)));
      this.#cuts++;
      await clock.delay(CUT_EVERY_MS, signal);
    }
  }
}
