/**
 * Observes this host's programs: pid files, status sockets and units.
 *
 * @module
 */

import { asideCommand } from "../../lib/base/aside.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import { loadConfig, type Role } from "../../lib/config/config.ts";
import { readConfigFiles } from "../../lib/config/io/config_file.ts";
import { infoOf } from "../../lib/diagnosis/io/file_look.ts";
import { outputOf } from "../../lib/diagnosis/io/program_output.ts";
import {
  type ListedProcess,
  PROCESS_COLUMNS,
  processesOf,
} from "../../lib/diagnosis/process_list.ts";
import {
  asideOf,
  isInUse,
  type ProgramFacts,
  type ProgramRun,
} from "../../lib/diagnosis/program_check.ts";
import {
  type ReadUnit,
  readUnit,
  UNIT_PROPERTIES,
} from "../../lib/diagnosis/unit_properties.ts";
import { PidFile } from "../../lib/service/io/pid_file.ts";
import { hasServiceManager } from "../../lib/service/io/state_folder.ts";
import { statusSocketPath } from "../../lib/service/status_socket.ts";
import { askStatus } from "./status_socket.ts";
import { systemFacts } from "./system_facts.ts";

/** Where to find the programs. */
export interface ProgramPlaces {
  readonly config: ClusterConfig;
  /** The folder of this program. */
  readonly dir: string;
  /** Which roles are set up. */
  readonly isSetUp: Readonly<Record<Role, boolean>>;
}

/** The unit that runs monitor and subscriber in one process. */
const NODE = "fail2ban-node";

/** A program and its service's user. */
export interface ObservedProgram extends ProgramFacts {
  readonly role: Role;
  /** `undefined` when no service manager runs. */
  readonly unit: ReadUnit | undefined;
}

const ROLES: readonly Role[] = ["publisher", "monitor", "subscriber"];

/** Observes all programs. */
export async function observePrograms(
  places: ProgramPlaces,
): Promise<readonly ObservedProgram[]> {
  const { config: { publisherPidFile, nodePidFiles } } = places;
  const pidFiles = { publisher: publisherPidFile, ...nodePidFiles };
  const hasServices = await hasServiceManager();
  const node = hasServices ? await unitOf(NODE) : undefined;
  return await Promise.all(ROLES.map(async (role) => {
    const program = `fail2ban-${role}`;
    const run = await runOf(pidFiles[role]);
    const own = hasServices ? await unitOf(program) : undefined;
    const { service, unit } = role === "publisher"
      ? { service: program, unit: own }
      : serviceOf(program, { own, node, run });
    const hasProgram = await isInstalled(places.dir, role);
    return {
      ...{ role, program, service, pidFile: pidFiles[role], run, unit },
      isSetUp: places.isSetUp[role] && hasProgram,
      others: role === "subscriber" && run.kind === "running"
        ? await othersBeside(run.report.pid, places)
        : [],
    };
  }));
}

/**
 * The unit of a node's program: its own if that is in use, otherwise the
 * node's.
 */
function serviceOf(
  program: string,
  { own, node, run }: {
    readonly own: ReadUnit | undefined;
    readonly node: ReadUnit | undefined;
    readonly run: ProgramRun;
  },
): { readonly service: string; readonly unit: ReadUnit | undefined } {
  const isWithin = run.kind === "running" && run.report.within === NODE;
  if (isWithin && node === undefined) return { service: NODE, unit: node };
  const isNodes = node?.load === "loaded" &&
    (isWithin || own === undefined || !isInUse(own));
  return isNodes
    ? { service: NODE, unit: node }
    : { service: program, unit: own };
}

async function runOf(pidFile: string): Promise<ProgramRun> {
  try {
    using seen = await PidFile.see(pidFile);
    if (seen === undefined) return await withoutPid(pidFile);
    if (!await seen.runs()) return { kind: "stale", pid: seen.pid };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { message: reason, hint } = error;
    return {
      kind: "odd",
      reason,
      aside: asideOf(hint) ?? asideFor(pidFile, reason),
    };
  }
  try {
    return {
      kind: "running",
      report: await askStatus(statusSocketPath(pidFile)),
    };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { kind: "mute", reason: error.message, hint: error.hint };
  }
}

/**
 * A pid file without a process id prevents the program from writing its own.
 */
async function withoutPid(pidFile: string): Promise<ProgramRun> {
  const info = await infoOf(pidFile);
  if (info === undefined || info.size === 0) return { kind: "stopped" };
  const reason = `${pidFile} holds something else than a process id`;
  return { kind: "odd", reason, aside: asideFor(pidFile, "it is") };
}

/** A file that may not be read may not be moved either. */
function asideFor(path: string, reason: string): string | undefined {
  return /it is/.test(reason)
    ? asideCommand(path, (name) => name === path)
    : undefined;
}

async function unitOf(program: string): Promise<ReadUnit | undefined> {
  const output = await outputOf(
    "systemctl",
    "show",
    `${program}.service`,
    `--property=${UNIT_PROPERTIES.join(",")}`,
  );
  return output?.ok === true ? readUnit(output.stdout) : undefined;
}

/** Whether the program exists beside this one, or among the sources. */
async function isInstalled(dir: string, role: Role): Promise<boolean> {
  const name = `fail2ban-${role}`;
  const places = [
    `${dir}/${name}`,
    `${dir}/../${name}`,
    `${dir}/../../bin/${name}`,
  ];
  for (const path of places) {
    if (await infoOf(path) !== undefined) return true;
  }
  const isLauncher = await infoOf(`${dir}/deno`) !== undefined;
  return !isLauncher && await infoOf(`${dir}/roles/${role}.ts`) !== undefined;
}

/**
 * Other subscribers in this network namespace with the same enforcement
 * targets.
 */
async function othersBeside(
  pid: number,
  places: ProgramPlaces,
): Promise<readonly number[]> {
  const listed = await outputOf("ps", "-eo", PROCESS_COLUMNS);
  const processes = processesOf(listed?.stdout ?? "", "subscriber");
  const own = processes.find((each) => each.pid === pid);
  if (own === undefined) return [];
  const others = processes.filter((each) =>
    each.pid !== pid && each.network === own.network
  );
  const ours = await workOf(own, places);
  const found: number[] = [];
  for (const other of others) {
    const theirs = await workOf(other, places);
    if (theirs.some((work) => ours.includes(work))) found.push(other.pid);
  }
  return found;
}

/** The targets of a subscriber's enforcement, by its configuration. */
async function workOf(
  { configPath }: ListedProcess,
  { dir }: ProgramPlaces,
): Promise<readonly string[]> {
  try {
    const files = await readConfigFiles(configPath, dir);
    const { config } = loadConfig(
      "subscriber",
      files,
      await systemFacts(files),
    );
    return config.actions.flatMap((action) => {
      switch (action) {
        case "nftables":
          return [`nftables ${config.nftTable}`];
        case "fail2banclient":
          return [`fail2ban ${config.fail2banSocket}`];
        case "exec":
        case "log":
          return [];
      }
    });
  } catch (error) {
    // A process whose configuration can't be read is not counted.
    if (error instanceof Error) return [];
    throw error;
  }
}
