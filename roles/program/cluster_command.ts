/**
 * Carries out the verbs of `fail2ban-cluster`.
 *
 * @module
 */

import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import type { ClusterVerb } from "../../lib/cli/cluster_verbs.ts";
import {
  type ClusterConfig,
  readClusterConfig,
} from "../../lib/config/cluster_config.ts";
import { readConfigFiles } from "../../lib/config/io/config_file.ts";
import type { SecretFile } from "../../lib/members/io/secret_file.ts";
import {
  findStateFolder,
  userName,
} from "../../lib/service/io/state_folder.ts";
import { isRunning } from "./running_programs.ts";
import { journalWords } from "../../lib/members/member_edits.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { Membership } from "../../lib/members/member.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import { identityFile, membershipFile } from "./member_files.ts";
import type { OwnProgram } from "./observed_host.ts";
import { programDir } from "./program_dir.ts";
import { systemFacts } from "./system_facts.ts";
import type { CarryOut } from "./workplace.ts";

/** Verbs that also work with an invalid configuration. */
type LookingVerb = "doctor" | "report";
type WorkingVerb = Exclude<ClusterVerb, LookingVerb>;

const backups = () => import("./backup_command.ts");
const bans = () => import("./ban_verbs.ts");
const joining = () => import("./joining_verbs.ts");
const lists = () => import("./list_verbs.ts");
const members = () => import("./member_verbs.ts");
const notifying = () => import("./notify_verbs.ts");
const publishers = () => import("./publisher_command.ts");
const steering = () => import("./steering_verbs.ts");

/** The module of each verb. Only that one is loaded: loading takes longer than most verbs. */
const MODULES: {
  readonly [V in WorkingVerb]: () => Promise<
    { readonly VERBS: Readonly<Record<V, CarryOut>> }
  >;
} = {
  "init": members,
  "join": joining,
  "status": steering,
  "node add": members,
  "node list": members,
  "nodes": members,
  "node show": members,
  "node revoke": members,
  "node rotate": members,
  "node readdress": members,
  "node withdraw": steering,
  "node release": steering,
  "bans": bans,
  "export": lists,
  "import": lists,
  "imports": lists,
  "why": bans,
  "ban": steering,
  "unban": steering,
  "tail": bans,
  "test": steering,
  "notify test": notifying,
  "audit": steering,
  "backup": backups,
  "restore": backups,
  "allow add": members,
  "allow remove": members,
  "allow list": members,
  "allow check": members,
  "publisher add": publishers,
  "publisher join": publishers,
  "publisher list": publishers,
  "publisher remove": publishers,
  "publisher handover": publishers,
  "page login": steering,
  "page list": steering,
  "page logout": steering,
};

/**
 * Carries out a verb.
 *
 * @param command The parsed command line.
 * @param program This program.
 * @returns The lines to print.
 */
export async function carryOut(
  command: TypedCommand,
  program: OwnProgram,
): Promise<OperatorOutput> {
  const { verb } = command;
  if (verb === "doctor") {
    const { doctor } = await import("./doctor_command.ts");
    return await doctor(command, program);
  }
  if (verb === "report") {
    const { report } = await import("./report_command.ts");
    return await report(command, program);
  }
  const { moduleUrl, version } = program;
  const files = await readConfigFiles(
    command.configPath,
    programDir(moduleUrl),
  );
  const config = readClusterConfig(files, await systemFacts(files));
  const membership = isForAnyHost(verb)
    ? undefined
    : await readAllowed(config.stateDir, () => nodeMembership(config));
  if (membership !== undefined) {
    const { carryOutOnNode } = await import("./node_status.ts");
    return await carryOutOnNode(command, membership, config);
  }
  const editor = { by: journalWords(await userName()), atMs: Date.now() };
  const configPath = files[0]?.path ?? "";
  const work = await workOf(verb);
  return await work(command, { config, configPath, editor, version });
}

async function workOf<V extends WorkingVerb>(verb: V): Promise<CarryOut> {
  const { VERBS } = await MODULES[verb]();
  return VERBS[verb];
}

/** Whether the verb also works on a node, or on a host that is not a publisher's yet. */
function isForAnyHost(verb: WorkingVerb): boolean {
  return verb === "init" || verb === "join" || verb === "restore" ||
    verb === "publisher join" || verb === "notify test";
}

/**
 * The membership of a host that is only a node: it has no member list. A
 * publisher without keys serves protocol 1, and is no node.
 *
 * @returns `undefined`: a publisher's host, or one that has not joined.
 */
async function nodeMembership(
  { stateDir, publisherPidFile }: ClusterConfig,
): Promise<Membership | undefined> {
  const membership = await readIfWhole(membershipFile(stateDir));
  if (membership === undefined) return undefined;
  const identity = identityFile(stateDir);
  const isHub = await identity.read() !== undefined ||
    await isRunning(publisherPidFile);
  return isHub ? undefined : membership;
}

/** Ignores a damaged membership: the programs report it. */
async function readIfWhole(
  file: Pick<SecretFile<Membership>, "read">,
): Promise<Membership | undefined> {
  try {
    return await file.read();
  } catch (error) {
    if (error instanceof RuntimeError && !isForbidden(error)) return undefined;
    throw error;
  }
}

/**
 * Adds a hint for users who may not read the state, and so can't tell node from
 * hub.
 */
async function readAllowed<T>(
  stateDir: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RuntimeError) || !isForbidden(error)) throw error;
    const owner = (await findStateFolder(stateDir))?.owner ?? "its owner";
    const who = owner === "root" ? owner : `${owner}, or as root`;
    throw new RuntimeError(error.message, {
      hint: `permission denied: run it as ${who}`,
      cause: error,
    });
  }
}

function isForbidden({ cause }: RuntimeError): boolean {
  return cause instanceof Deno.errors.PermissionDenied;
}
