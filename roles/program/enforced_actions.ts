/**
 * The subscriber's actions that keep bans in force.
 *
 * @module
 */

import type { ActionQueue } from "../../lib/subscriber/action_queue.ts";
import type { SubscriberConfig } from "../../lib/config/config.ts";
import { EnforcedAction } from "../../lib/enforce/enforced_action.ts";
import { Fail2banEnforcer } from "../../lib/enforce/fail2ban_enforcer.ts";
import { IgnoreipNames } from "../../lib/fail2ban/ignoreip_names.ts";
import {
  ledgerPath,
  SqliteLedger,
} from "../../lib/enforce/io/sqlite_ban_ledger.ts";
import { DnsResolver } from "../../lib/protection/io/dns_resolver.ts";
import { checkProgram } from "../../lib/enforce/io/program_check.ts";
import { ExecEnforcer } from "../../lib/enforce/io/exec_enforcer.ts";
import { Fail2banProcess } from "../../lib/fail2ban/io/fail2ban_process.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { NetlinkGeneration } from "../../lib/nftables/io/netlink_generation.ts";
import { NftEnforcer } from "../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../lib/nftables/io/nft_process.ts";
import { type JailMap, localJails } from "../../lib/base/jail_map.ts";
import type {
  ActionStanding,
  BanAction,
  Enforcer,
  ReceiptSink,
} from "../../lib/enforce/enforcer.ts";
import type { Fail2banClient } from "../../lib/fail2ban/ports.ts";
import type { Log } from "../../lib/log/log.ts";
import type { SteadyClock } from "../../lib/async/steady_clock.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import type {
  DesiredBans,
  DesiredBansOptions,
} from "../../lib/enforce/desired_bans.ts";
import { InForceTeller } from "../../lib/subscriber/in_force_teller.ts";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import type { CurrentPolicy } from "../../lib/protection/protection_policy.ts";
import type { BanSource } from "./ban_source.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for the actions that keep bans in force. */
export interface EnforcedActionsOptions {
  /** In a dry run nothing is done, and nothing is opened. */
  readonly context: RoleContext<"subscriber">;
  /** The process's one steady clock. */
  readonly clock: SteadyClock;
  /** Gives the rules by which addresses are protected now. */
  readonly policy: CurrentPolicy;
  /** Where the bans come from that should be in force; each action has one of its own. */
  readonly newDesiredBans: (options: DesiredBansOptions) => DesiredBans;
  /** Told what became of each ban; what is in force is told as there is room. */
  readonly receipts: ReceiptSink & { readonly size: number };
}

/** What tells when it is known what is wanted. */
export interface KnownWants {
  readonly source: Pick<BanSource, "wanted" | "whenKnown">;
  readonly queue: Pick<ActionQueue, "whenIdle">;
}

/** The word in `subscriberaction` of each action that keeps bans in force. */
type EnforcedName = Exclude<SubscriberConfig["actions"][number], "log">;

/** Everything goes to the dedicated jail: the action knows no jails. */
const NO_JAILS: JailMap = [];

/** The actions, and what they hold open. */
export class EnforcedActions implements AsyncDisposable {
  /** In the order of the configuration; in a dry run they only have names. */
  readonly actions: readonly BanAction[];
  /** Judges what the actions are given, and is there for every other action. */
  readonly protection: UpdateProtection;
  readonly #enforced: readonly EnforcedAction[];
  readonly #held = new AsyncDisposableStack();
  #nft: NftEnforcer | undefined;
  readonly #teller: InForceTeller;

  /**
   * @param options What the actions share.
   * @throws {RuntimeError} when the ledger can't be opened.
   */
  constructor(options: EnforcedActionsOptions) {
    const { clock, policy, receipts, newDesiredBans } = options;
    const { config, log, dryRun } = options.context;
    const protection = new UpdateProtection({ policy, receipts, clock, log });
    this.protection = protection;
    const names = config.actions.filter((name) => name !== "log");
    if (names.length === 0 || dryRun) {
      this.#enforced = [];
      this.#teller = new InForceTeller({ actions: [], receipts, clock });
      this.actions = names.map(namedOnly);
      return;
    }
    const { general, banTimeMs, resyncEveryMs, maxPerSecond } = config;
    const ledger = this.#held.use(
      new SqliteLedger(ledgerPath(general.stateDir)),
    );
    tellLoss(ledger, log);
    this.actions = this.#enforced = names.map((name) => {
      const { hostName } = general;
      const jailMap = name === "fail2banclient" ? config.jailMap : NO_JAILS;
      return new EnforcedAction({
        enforcer: this.#enforcer(name, config, clock, log),
        desired: newDesiredBans({ hostName, jailMap, banTimeMs }),
        ledger,
        clock,
        log,
        hostName,
        jailMap,
        protection,
        receipts,
        resyncEveryMs,
        maxPerSecond,
      });
    });
    const actions = this.#enforced;
    this.#teller = new InForceTeller({ actions, receipts, clock });
  }

  /** How each stands. */
  get standings(): readonly ActionStanding[] {
    return this.#enforced.map(({ standing }) => standing);
  }

  /** What each has done, by `action.figure`. */
  get figures(): Readonly<Record<string, string | number>> {
    return Object.fromEntries(
      this.#enforced.flatMap(({ name, figures }) =>
        Object.entries(figures).map(([figure, value]) => [
          `${name}.${figure}`,
          value,
        ])
      ),
    );
  }

  /** Has the publisher told what is in force, some of it at a time. */
  tellInForce(): void {
    this.#teller.tell();
  }

  /**
   * Keeps bans in force until aborted; without any action it waits. Begins
   * once it is known what is wanted: what is not is lifted then.
   */
  async run(signal: AbortSignal, wants: KnownWants): Promise<void> {
    await runTogether(signal, [
      (group) => this.#teller.run(group),
      ...this.#enforced.map((action) => async (group: AbortSignal) => {
        await action.act(wants.source.wanted, group);
        await wants.source.whenKnown(group);
        await wants.queue.whenIdle(group);
        await action.run(group);
      }),
    ]);
  }

  /**
   * Lifts all that was put in force, and takes away what it was put in.
   *
   * @throws {RuntimeError} when that can't be done, now.
   */
  async liftAll(signal: AbortSignal): Promise<void> {
    for (const action of this.#enforced) await action.liftAll(signal);
    await this.#nft?.remove(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.protection.flush();
    await this.#held.disposeAsync();
  }

  #enforcer(
    name: EnforcedName,
    config: SubscriberConfig,
    clock: SteadyClock,
    log: Log,
  ): Enforcer {
    switch (name) {
      case "fail2banclient":
        return new Fail2banEnforcer({
          client: this.#held.use(openFail2ban(config)),
          clock,
          names: new IgnoreipNames({ resolver: new DnsResolver(), clock, log }),
          jails: localJails(config.jailMap),
        });
      case "nftables":
        return this.#nft = new NftEnforcer({
          clock,
          program: new NftProcess(clock),
          table: config.nftTable,
          generation: this.#held.use(new NetlinkGeneration()),
        });
      case "exec":
        return new ExecEnforcer({
          program: config.execProgram ?? "",
          checkProgram,
          clock,
          timeoutMs: config.execTimeoutMs,
        });
    }
  }
}

/** What is in force is asked for; an exec program can't be. */
function tellLoss({ loss }: SqliteLedger, log: Log): void {
  if (loss === undefined) return;
  const { path, reason } = loss;
  if (path === undefined) {
    const event =
      "what was put in force is not noted on the disk, only in memory";
    log.record("error", event, { reason, hint: "mend the disk and restart" });
  } else {
    const event = "what was put in force is not known, and is asked for";
    log.record("warning", event, { reason, path });
  }
}

/** What an action is called; nothing is ever done in a dry run. */
function namedOnly(name: string): BanAction {
  return { name, act: () => Promise.resolve() };
}

/** The fail2ban of this host, as the configuration says that it is asked. */
export function openFail2ban(config: SubscriberConfig): Fail2banClient {
  const { fail2banSocket, fail2banProgram } = config;
  return fail2banProgram === undefined
    ? new Fail2banSocket({ path: fail2banSocket })
    : new Fail2banProcess({
      socketPath: fail2banSocket,
      program: fail2banProgram,
    });
}
