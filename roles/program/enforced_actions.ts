/**
 * The subscriber's enforcing actions.
 *
 * @module
 */

import type { ActionQueue } from "../../lib/subscriber/action_queue.ts";
import type { SubscriberConfig } from "../../lib/config/config.ts";
import { Backoff } from "../../lib/async/backoff.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { DesiredCopy } from "../../lib/enforce/desired_copy.ts";
import { TroubleLog } from "../../lib/log/trouble_log.ts";
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
import { NetlinkEvents } from "../../lib/nftables/io/netlink_events.ts";
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
import type { Log } from "../../lib/log/log.ts";
import type { ActionFacts } from "../../lib/metrics/node_samples.ts";
import type { ActionState } from "../../lib/metrics/role_faults.ts";
import type { DurationSink } from "../../lib/metrics/sample.ts";
import type { SteadyClock } from "../../lib/async/steady_clock.ts";
import { Condition, runTogether } from "../../lib/async/tasks.ts";
import type {
  DesiredBans,
  DesiredBansOptions,
} from "../../lib/enforce/desired_bans.ts";
import { InForceTeller } from "../../lib/subscriber/in_force_teller.ts";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import type { CurrentPolicy } from "../../lib/protection/protection_policy.ts";
import type { BanSource } from "./ban_source.ts";
import { openFail2ban } from "./opened_fail2ban.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link EnforcedActions}. */
export interface EnforcedActionsOptions {
  /** In a dry run nothing is opened, and nothing is done. */
  readonly context: RoleContext<"subscriber">;
  /** The process's one steady clock. */
  readonly clock: SteadyClock;
  /** Gives the current protection rules. */
  readonly policy: CurrentPolicy;
  /** Creates the desired bans; each action has its own. */
  readonly newDesiredBans: (options: DesiredBansOptions) => DesiredBans;
  /** Receives the duration of each call; `undefined`: nobody does. */
  readonly durations: DurationSink | undefined;
  /**
   * Receives the result for each ban; reports of bans already in force wait for
   * room.
   */
  readonly receipts: ReceiptSink & { readonly size: number };
}

/** Tells when the desired bans are known. */
export interface KnownWants {
  readonly source: Pick<BanSource, "wanted" | "whenKnown">;
  readonly queue: Pick<ActionQueue, "whenIdle">;
}

/** The name in `subscriberaction` of each enforcing action. */
type EnforcedName = Exclude<SubscriberConfig["actions"][number], "log">;

/** Every {@link EnforcedName}. */
const ENFORCED_NAMES = [
  "fail2banclient",
  "nftables",
  "exec",
] as const satisfies readonly EnforcedName[];

/** Everything goes to the dedicated jail: the other actions know no jails. */
const NO_JAILS: JailMap = [];
/** Pauses between attempts to lift the bans of a former action. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** The actions and their resources. */
export class EnforcedActions implements AsyncDisposable {
  /** In the order of the configuration; empty in a dry run. */
  readonly actions: readonly BanAction[];
  /** Checks updates for these actions and for all others. */
  readonly protection: UpdateProtection;
  readonly #enforced: readonly EnforcedAction[];
  readonly #held = new AsyncDisposableStack();
  readonly #options: EnforcedActionsOptions;
  /** `undefined` when nothing is or was enforced. */
  readonly #ledger: SqliteLedger | undefined;
  /** Actions that are no longer configured but may have bans in force. */
  readonly #left: readonly EnforcedName[];
  #nft: NftEnforcer | undefined;
  readonly #teller: InForceTeller;

  /**
   * @param options What the actions share.
   * @throws {RuntimeError} when the ledger can't be opened.
   */
  constructor(options: EnforcedActionsOptions) {
    this.#options = options;
    const { clock, policy, receipts, context: { config, log, dryRun } } =
      options;
    this.protection = new UpdateProtection({ policy, receipts, clock, log });
    const names = dryRun ? [] : config.actions.filter((name) => name !== "log");
    this.#ledger = this.#openLedger(names);
    const ledger = this.#ledger;
    this.actions = this.#enforced = ledger === undefined
      ? []
      : names.map((name) => this.#action(name, ledger));
    this.#left = ENFORCED_NAMES.filter((name) =>
      !names.includes(name) && ledger?.isInUse(name) === true
    );
    const actions = this.#enforced;
    this.#teller = new InForceTeller({ actions, receipts, clock });
  }

  /** The standing of each action. */
  get standings(): readonly ActionStanding[] {
    return this.#enforced.map(({ standing }) => standing);
  }

  /** The standing of each action, with the reason of its last failure. */
  get facts(): readonly (ActionFacts & ActionState)[] {
    return this.#enforced.map((action) => ({
      standing: action.standing,
      counters: action.counters,
      lastReason: action.lastReason,
      inForceAgeSeconds: action.inForceAgeSeconds,
    }));
  }

  /** The totals of each action, by `action.figure`. */
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

  /** Reports all bans in force to the publisher, a few at a time. */
  tellInForce(): void {
    this.#teller.tell();
  }

  /**
   * Enforces bans until aborted; without any action it waits. Starts once the
   * desired bans are known; then lifts all others.
   */
  async run(signal: AbortSignal, wants: KnownWants): Promise<void> {
    // Before any update arrives.
    const wanted = this.#enforced.length === 0 ? [] : wants.source.wanted();
    for (const updates of wanted) {
      await Promise.all(this.#enforced.map((one) => one.act(updates, signal)));
    }
    await runTogether(signal, [
      (group) => this.#teller.run(group),
      ...this.#enforced.map((action) => async (group: AbortSignal) => {
        await wants.source.whenKnown(group);
        await wants.queue.whenIdle(group);
        await action.run(group);
      }),
      ...this.#left.map((name) => (group: AbortSignal) =>
        this.#liftLeft(name, group)
      ),
    ]);
  }

  /**
   * Lifts all bans in force, and removes the tables that held them.
   *
   * @throws {RuntimeError} when that is impossible at the moment.
   */
  async liftAll(signal: AbortSignal): Promise<void> {
    for (const action of this.#enforced) await action.liftAll(signal);
    await this.#nft?.remove(signal);
    for (const { name } of this.#enforced) this.#ledger?.recordEnd(name);
    for (const name of this.#left) await this.#tryLiftLeft(name, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.protection.flush();
    await this.#held.disposeAsync();
  }

  /**
   * Opens the ledger only if something is or was enforced: other hosts have
   * none.
   */
  #openLedger(names: readonly EnforcedName[]): SqliteLedger | undefined {
    const { config: { general }, log, dryRun } = this.#options.context;
    const path = ledgerPath(general.stateDir);
    if (dryRun || names.length === 0 && !isThere(path)) return undefined;
    const ledger = this.#held.use(new SqliteLedger(path));
    tellLoss(ledger, log);
    return ledger;
  }

  #action(
    name: EnforcedName,
    ledger: SqliteLedger,
    newDesiredBans = this.#options.newDesiredBans,
    held = this.#held,
  ): EnforcedAction {
    const { context: { config, log }, clock, receipts } = this.#options;
    const { general: { hostName }, banTimeMs, resyncEveryMs, maxPerSecond } =
      config;
    const jailMap = name === "fail2banclient" ? config.jailMap : NO_JAILS;
    const { protection } = this;
    return new EnforcedAction({
      enforcer: this.#enforcer(name, held),
      onCall: (tookMs) => {
        const metric = "f2bc_subscriber_action_duration_seconds";
        const { durations } = this.#options;
        durations?.observe(metric, tookMs / 1_000, { action: name });
      },
      desired: newDesiredBans({ hostName, jailMap, banTimeMs }),
      ...{ ledger, clock, log, hostName, jailMap, protection, receipts },
      ...{ resyncEveryMs, maxPerSecond },
    });
  }

  /**
   * Lifts the bans of an action that is no longer configured, as soon as
   * possible.
   */
  async #liftLeft(name: EnforcedName, signal: AbortSignal): Promise<void> {
    const { clock, context: { log, config } } = this.#options;
    if (name === "exec" && config.execProgram === undefined) {
      const event = "what exec put in force is left: execprogram is not set";
      log.record("warning", event, {});
      return await new Condition().wait(signal);
    }
    const troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "an action of before can't lift its bans, and is tried again",
      over: "an action of before has lifted its bans",
      fields: { action: name },
    });
    const backoff = new Backoff({
      firstPauseMs: FIRST_PAUSE_MS,
      maxPauseMs: MAX_PAUSE_MS,
    });
    while (true) {
      try {
        await this.#tryLiftLeft(name, signal);
        troubleLog.resolve();
        break;
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        troubleLog.report(error.message, { hint: error.hint });
      }
      await clock.delay(backoff.next(), signal);
    }
    await new Condition().wait(signal);
  }

  async #tryLiftLeft(name: EnforcedName, signal: AbortSignal): Promise<void> {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    await using held = new AsyncDisposableStack();
    const nothing = (options: DesiredBansOptions) => new DesiredCopy(options);
    const action = this.#action(name, ledger, nothing, held);
    await action.liftAll(signal);
    if (name === "nftables") await this.#nft?.remove(signal);
    ledger.recordEnd(name);
    const bans = action.counters.lifted;
    const event = "lifted what an action put in force that is not configured";
    this.#options.context.log.record("notice", event, { action: name, bans });
  }

  #enforcer(name: EnforcedName, held: AsyncDisposableStack): Enforcer {
    const { context: { config, log }, clock } = this.#options;
    switch (name) {
      case "fail2banclient":
        return new Fail2banEnforcer({
          client: held.use(openFail2ban(config)),
          clock,
          names: new IgnoreipNames({ resolver: new DnsResolver(), clock, log }),
          jails: localJails(config.jailMap),
        });
      case "nftables":
        return this.#nft = new NftEnforcer({
          clock,
          program: new NftProcess(clock),
          table: config.nftTable,
          generation: held.use(new NetlinkGeneration()),
          events: held.use(new NetlinkEvents()),
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

/**
 * Logs a lost ledger. The enforcers are asked what is in force; an exec program
 * can't be.
 */
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

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
