/**
 * Turns everything observed on a host into findings, in the order in which to
 * fix them.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { StatusFigures } from "../service/status_report.ts";
import {
  type ActionFacts,
  checkAction,
  checkNames,
  checkOwnLog,
} from "./action_check.ts";
import { checkConfig, type ConfigFacts } from "./config_check.ts";
import {
  checkDatabase,
  checkFail2ban,
  type DatabaseFacts,
  type Fail2banFacts,
} from "./fail2ban_check.ts";
import { fault, type Finding } from "./finding.ts";
import { type Commands, programCommand } from "./fix_commands.ts";
import {
  type AllowlistFacts,
  checkAllowlist,
  checkClock,
  checkFollowing,
  checkHubVersion,
  checkMembership,
  checkReach,
  checkSight,
  type MembershipFacts,
  type ReachFacts,
  type SightFacts,
} from "./hub_check.ts";
import { checkActionFailures, checkLog, type LogFacts } from "./log_check.ts";
import { checkOwnAddress, type OwnAddressFacts } from "./own_address_check.ts";
import {
  checkProgram,
  isOfThisHost,
  type ProgramFacts,
} from "./program_check.ts";
import { checkPublisher, type PublisherFacts } from "./publisher_check.ts";
import { checkState, type StateFacts } from "./state_check.ts";

/** The node's part of a host. */
export interface NodeFacts {
  readonly membership: MembershipFacts;
  readonly node: HostName | undefined;
  readonly reach: readonly ReachFacts[];
  readonly fail2ban: Fail2banFacts | undefined;
  readonly log: LogFacts | undefined;
  readonly database: DatabaseFacts | undefined;
  readonly actions: readonly ActionFacts[];
}

/** A host with a readable configuration. */
export interface HostFacts {
  /** The version of this program, which is the installed one. */
  readonly version: string;
  readonly commands: Commands;
  readonly config: ConfigFacts;
  readonly programs: readonly ProgramFacts[];
  readonly state: StateFacts;
  /** `undefined`: this host is no node. */
  readonly node: NodeFacts | undefined;
  readonly allowlist: AllowlistFacts;
  /** `undefined`: this host has no publisher. */
  readonly publisher: PublisherFacts | undefined;
  readonly ownAddress: OwnAddressFacts | undefined;
}

/**
 * Checks a host.
 *
 * @param observed The facts.
 * @returns At least one finding for each thing that was checked.
 */
export function diagnose(observed: HostFacts): readonly Finding[] {
  const monitor = observed.programs.find(({ program }) =>
    program === "fail2ban-monitor"
  );
  const commands = monitor === undefined ? observed.commands : {
    ...observed.commands,
    monitorService: monitor.service,
  };
  const facts = { ...observed, commands };
  const { version, node, publisher, ownAddress } = facts;
  const programs = facts.programs.filter(isOfThisHost);
  const sights = programs.flatMap(sightOf);
  const config = checkConfig(facts.config);
  if (programs.length === 0) {
    return [
      ...config,
      nothingHere(commands),
      ...checkState(facts.state, commands),
    ];
  }
  return [
    ...config,
    ...onceEach(
      programs.flatMap((each) => checkProgram(each, version, commands)),
    ),
    ...checkState(facts.state, commands),
    ...(node === undefined ? [] : checkNode(node, sights, facts)),
    ...(publisher === undefined ? [] : checkPublisher(publisher, commands)),
    ...checkAllowlist(facts.allowlist, commands),
    ...(ownAddress === undefined ? [] : checkOwnAddress(ownAddress, commands)),
    ...sights.flatMap(({ program, figures }) => [
      ...checkOwnLog(program, figures),
      ...checkNames(program, figures),
    ]),
  ];
}

/** Removes repeated findings: monitor and subscriber may share a unit. */
function onceEach(findings: readonly Finding[]): readonly Finding[] {
  const texts = findings.map((each) => JSON.stringify(each));
  return findings.filter((_, index) =>
    texts.indexOf(texts[index] ?? "") === index
  );
}

function nothingHere(commands: Commands): Finding {
  const init = programCommand(
    commands,
    "fail2ban-cluster",
    "init",
    "--address",
    "HOST",
  );
  return fault(
    "programs",
    "this host is neither a node nor a hub yet",
    `${
      programCommand(commands, "fail2ban-cluster", "join", "CODE")
    }; or, for a hub: ${init}`,
  );
}

function checkNode(
  facts: NodeFacts,
  sights: readonly SightFacts[],
  { version, commands }: HostFacts,
): readonly Finding[] {
  const nodes = sights.filter(({ program }) => !/publisher/.test(program));
  const follower = nodes.find(({ program }) => /subscriber/.test(program));
  const monitor = nodes.find(({ program }) => /monitor/.test(program));
  const reach = checkReach(facts.reach, facts.node, commands);
  const isReached = !reach.some(({ state }) => state === "fail");
  return [
    ...checkMembership(facts.membership, commands),
    ...reach,
    // A publisher that can't be reached can't serve the node, either.
    ...(isReached ? checkSight(nodes) : []),
    ...(isReached && follower !== undefined ? checkFollowing(follower) : []),
    ...checkClock(nodes),
    ...checkHubVersion(nodes, version),
    ...(facts.fail2ban === undefined
      ? []
      : checkFail2ban(facts.fail2ban, commands)),
    ...(facts.log === undefined ? [] : [
      ...checkLog(facts.log, commands),
      ...checkActionFailures(facts.log, monitor?.figures ?? {}),
    ]),
    ...(facts.database === undefined
      ? []
      : checkDatabase(facts.database, commands)),
    ...facts.actions.flatMap((action) =>
      checkAction(action, follower?.figures, commands)
    ),
  ];
}

function sightOf({ program, run }: ProgramFacts): readonly SightFacts[] {
  return run.kind === "running"
    ? [{
      program,
      figures: run.report.figures,
      upSeconds: run.report.upSeconds,
    }]
    : [];
}

/** The figures of a program; `undefined`: it can't be asked. */
export function figuresOf(
  programs: readonly ProgramFacts[],
  program: string,
): StatusFigures | undefined {
  return programs.filter((each) => each.program === program).flatMap(sightOf)[0]
    ?.figures;
}
