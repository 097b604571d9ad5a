/**
 * Carries out the verbs of `fail2ban-cluster`.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { AllowCommands } from "../../lib/cli/allow_commands.ts";
import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import {
  bindSettings,
  type ClusterConfig,
  protocol2Ports,
  readClusterConfig,
} from "../../lib/config/cluster_config.ts";
import { type IniSetting, setIniOptions } from "../../lib/config/ini_edit.ts";
import { commandSocketPath } from "../../lib/cli/command_socket.ts";
import { doctor } from "./doctor_command.ts";
import { backUp, restore } from "./backup_command.ts";
import { report } from "./report_command.ts";
import { askPublisher } from "./operator_socket.ts";
import { exportBans } from "../../lib/cli/export_command.ts";
import { ImportCommands } from "../../lib/cli/import_commands.ts";
import { readList } from "./list_input.ts";
import { TerminalProgress } from "../../lib/cli/io/terminal_progress.ts";
import { BanCommands } from "../../lib/cli/ban_commands.ts";
import { PageCommands } from "../../lib/cli/page_commands.ts";
import { SteeringCommands } from "../../lib/cli/steering_commands.ts";
import { outputPlace } from "./output_place.ts";
import type { AskPublisher } from "../../lib/cli/publisher_questions.ts";
import {
  editLocalFile,
  localPath,
  readConfigFiles,
} from "../../lib/config/io/config_file.ts";
import { newCurveKeys, newToken } from "../../lib/members/io/curve_keys.ts";
import type { SecretFile } from "../../lib/members/io/secret_file.ts";
import {
  findStateFolder,
  userName,
} from "../../lib/service/io/state_folder.ts";
import {
  isRunning,
  runningPrograms,
  viewPrograms,
} from "./running_programs.ts";
import { joinCluster, notHere } from "../../lib/cli/join_command.ts";
import { testNotifications } from "../../lib/diagnosis/notify_trial.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import { testCluster } from "../../lib/cli/test_command.ts";
import { LiveCommands, nodeStatus } from "../../lib/cli/live_commands.ts";
import { NodeCommands } from "../../lib/cli/node_commands.ts";
import { readdress } from "../../lib/cli/readdress_command.ts";
import { type Editor, journalWords } from "../../lib/members/member_edits.ts";
import { memberDetails, memberJson } from "../../lib/views/member_view.ts";
import { nodeJson, nodeTable } from "../../lib/views/node_table.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { Membership } from "../../lib/members/member.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import { identityFile, membershipFile } from "./member_files.ts";
import { memberListOf } from "./member_list.ts";
import type { OwnProgram } from "./observed_host.ts";
import { programDir } from "./program_dir.ts";
import { systemFacts } from "./system_facts.ts";

interface Workplace {
  readonly config: ClusterConfig;
  /** The configuration file that was read first. */
  readonly configPath: string;
  readonly editor: Editor;
}

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
  const { moduleUrl } = program;
  // Also works with an invalid configuration, and says what is wrong with it.
  if (command.verb === "doctor") return await doctor(command, program);
  if (command.verb === "report") return await report(command, program);
  const files = await readConfigFiles(
    command.configPath,
    programDir(moduleUrl),
  );
  const config = readClusterConfig(files, await systemFacts(files));
  const editor = { by: journalWords(await userName()), atMs: Date.now() };
  const place = { config, configPath: files[0]?.path ?? "", editor };
  if (command.verb === "notify test") {
    const { version } = program;
    return await testNotifications(config, {
      ...{ version, configPath: place.configPath, nowMs: editor.atMs },
      asker: new FetchAsker(new SystemClock()),
    });
  }
  const membership = makesAHub(command)
    ? undefined
    : await readAllowed(config.stateDir, () => nodeMembership(config));
  if (membership !== undefined) {
    if (command.verb !== "status") throw notHere(command.verb, membership);
    return nodeStatus(command, membership, await viewPrograms(config));
  }
  const nodes = nodeCommands(place);
  const allowlist = new AllowCommands(memberListOf(config), editor);
  const ask = asking(config);
  const live = new LiveCommands(ask, editor);
  const page = new PageCommands(ask, editor);
  const { atMs: nowMs } = editor;
  const steering = new SteeringCommands({
    ...{ ask, editor },
    confirm: Deno.stdin.isTerminal() ? confirm : undefined,
  });
  const bans = new BanCommands({ ask, nowMs, place: outputPlace() });
  const imports = new ImportCommands({
    ...{ ask, editor, nowMs, place: outputPlace() },
    ...{ readList, progress: new TerminalProgress() },
  });
  switch (command.verb) {
    case "init":
      return await init(place, nodes, command);
    case "join":
      return await join(place, command);
    case "status":
      return await live.status(command);
    case "node add":
      return await nodes.add(command);
    case "node list":
    case "nodes": {
      const members = await nodes.members();
      const view = await live.view();
      return command.options.has("json")
        ? nodeJson(members, view)
        : nodeTable(members, view);
    }
    case "node show": {
      const member = await nodes.show(command);
      const view = await live.view();
      return command.options.has("json")
        ? memberJson(member, view)
        : memberDetails(member, view);
    }
    case "node readdress":
      return await readdress(command, {
        ...{ ask, editor, ports: protocol2Ports(config) },
        identity: identityFile(config.stateDir),
      });
    case "node withdraw":
      return await live.withdraw(command);
    case "node release":
      return await live.release(command);
    case "bans":
      return bans.bans(command);
    case "export":
      return await exportBans(command, { ask, nowMs });
    case "import":
      return await imports.import(command);
    case "imports":
      return await imports.imports(command);
    case "why":
      return await bans.why(command);
    case "ban":
      return await steering.ban(command);
    case "unban":
      return await steering.unban(command);
    case "tail":
      return bans.tail(command);
    case "test":
      return await testCluster(command, ask, editor);
    case "audit":
      return await live.audit(command);
    case "page login":
      return await page.login(command);
    case "page list":
      return await page.list(command);
    case "page logout":
      return await page.logout(command);
    case "publisher add":
    case "publisher list":
    case "publisher remove":
    case "publisher handover": {
      const { steerPublishers } = await import("./publisher_command.ts");
      return await steerPublishers(command.verb, command, config, editor);
    }
    case "publisher join":
      return await joinAsPublisher(place, command);
    case "node revoke":
      return await nodes.revoke(command);
    case "node rotate":
      return await nodes.rotate(command);
    case "backup":
      return await backUp({ config, nowMs }, command);
    case "restore":
      return await restore({ config, nowMs }, command);
    case "allow add":
      return await allowlist.add(command);
    case "allow remove":
      return await allowlist.remove(command);
    case "allow list":
      return await allowlist.list(command);
    case "allow check":
      return await allowlist.check(command);
  }
}

function asking({ publisherPidFile }: ClusterConfig): AskPublisher {
  const socket = commandSocketPath(publisherPidFile);
  return (request, signal) => askPublisher(socket, request, signal);
}

/** Whether the verb is for a host that is not a publisher's yet. */
function makesAHub({ verb }: TypedCommand): boolean {
  return verb === "init" || verb === "join" || verb === "restore" ||
    verb === "publisher join";
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
      hint: `you may not read that: run it as ${who}`,
      cause: error,
    });
  }
}

function isForbidden({ cause }: RuntimeError): boolean {
  return cause instanceof Deno.errors.PermissionDenied;
}

async function init(
  place: Workplace,
  nodes: NodeCommands,
  command: TypedCommand,
): Promise<OperatorOutput> {
  const bound: string[] = [];
  const { controlUrl } = await nodes.init(command, async (url) => {
    const settings = bindSettings(place.config, url);
    if (settings.length === 0) return;
    const file = await configure(place, settings);
    bound.push(
      `it binds to all addresses (set in ${file}): nobody but members gets in`,
    );
  });
  return {
    lines: [],
    notes: [
      `the publisher has its keys; nodes will reach it at ${controlUrl}`,
      ...bound,
      "next: fail2ban-cluster node add NAME..., and start or restart fail2ban-publisher",
    ],
  };
}

async function join(
  place: Workplace,
  { operands }: TypedCommand,
): Promise<OperatorOutput> {
  const line = await lineOf(operands);
  const { stateDir, hostName } = place.config;
  return await joinCluster(line, {
    membership: membershipFile(stateDir),
    hostName,
    running: () => runningPrograms(place.config),
    configure: (settings) => configure(place, settings),
  });
}

async function joinAsPublisher(
  place: Workplace,
  { operands }: TypedCommand,
): Promise<OperatorOutput> {
  const { joinPublishers } = await import("./publisher_command.ts");
  return await joinPublishers(
    await lineOf(operands),
    place.config,
    (settings) => configure(place, settings),
  );
}

/** The operands, or standard input for `-`. */
async function lineOf(operands: readonly string[]): Promise<string> {
  const typed = operands.join(" ");
  return typed === "-" ? await new Response(Deno.stdin.readable).text() : typed;
}

async function configure(
  { configPath }: Workplace,
  settings: readonly IniSetting[],
): Promise<string> {
  const local = localPath(configPath);
  return await editLocalFile(
    configPath,
    (text) => setIniOptions(local, text, settings),
  );
}

function nodeCommands({ config, editor }: Workplace): NodeCommands {
  return new NodeCommands({
    identity: identityFile(config.stateDir),
    list: memberListOf(config),
    secrets: { newKeys: newCurveKeys, newToken },
    editor,
    ports: protocol2Ports(config),
  });
}
