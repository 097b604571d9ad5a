/**
 * Collects the facts for a diagnosis of this host, without changing anything.
 *
 * @module
 */

import { canonicalAddress } from "../../lib/base/address.ts";
import { ConfigError, RuntimeError } from "../../lib/base/errors.ts";
import { NetworkSet } from "../../lib/base/network_set.ts";
import {
  type ClusterConfig,
  readClusterConfig,
} from "../../lib/config/cluster_config.ts";
import {
  type ConfigFile,
  loadConfig,
  type LoadedConfig,
  type Role,
  type SystemFacts,
} from "../../lib/config/config.ts";
import { localPath, readConfigFiles } from "../../lib/config/io/config_file.ts";
import type { ConfigFacts } from "../../lib/diagnosis/config_check.ts";
import { figuresOf, type HostFacts } from "../../lib/diagnosis/diagnosis.ts";
import type { Commands } from "../../lib/diagnosis/fix_commands.ts";
import { infoOf } from "../../lib/diagnosis/io/file_look.ts";
import type { OwnAddressFacts } from "../../lib/diagnosis/own_address_check.ts";
import { isOfThisHost } from "../../lib/diagnosis/program_check.ts";
import {
  identityPath,
  membershipPath,
  SecretFile,
} from "../../lib/members/io/secret_file.ts";
import {
  type Allowlist,
  ALLOWLIST_FORM,
  allowlistAt,
} from "../../lib/protection/allowlist.ts";
import { AllowlistProtection } from "../../lib/protection/allowlist_protection.ts";
import { refusal } from "../../lib/protection/protection_policy.ts";
import { hasServiceManager } from "../../lib/service/io/state_folder.ts";
import { memberListFile } from "./member_files.ts";
import { observeNode } from "./observed_node.ts";
import { type ObservedProgram, observePrograms } from "./observed_programs.ts";
import { observePublisher } from "./observed_publisher.ts";
import { observeState } from "./observed_state.ts";
import { programDir } from "./program_dir.ts";
import { systemFacts } from "./system_facts.ts";

/** The diagnosing program. */
export interface OwnProgram {
  /** `import.meta.url` of the role's file. */
  readonly moduleUrl: string;
  readonly version: string;
}

/** The facts, or the error that prevents reading the configuration. */
export type ObservedHost =
  | {
    readonly kind: "unread";
    readonly config: Extract<ConfigFacts, { readonly kind: "wrong" }>;
  }
  | {
    readonly kind: "read";
    readonly facts: HostFacts;
    /** The valid configurations, by role. */
    readonly loaded: LoadedRoles;
  };

/** The configurations of this host's roles. */
export type LoadedRoles = {
  readonly [R in Role]: LoadedConfig<R> | undefined;
};

/**
 * Observes this host.
 *
 * @param namedConfig The configuration file named on the command line.
 * @param program The diagnosing program.
 */
export async function observeHost(
  namedConfig: string | undefined,
  { moduleUrl, version }: OwnProgram,
): Promise<ObservedHost> {
  const dir = programDir(moduleUrl);
  try {
    const files = await readConfigFiles(namedConfig, dir);
    const system = await systemFacts(files);
    const config = readClusterConfig(files, system);
    const commands = {
      hasServices: await hasServiceManager(),
      namedConfig,
      localPath: localPath(files[0]?.path ?? ""),
    };
    return await observe({ dir, version, files, system, config, commands });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems, hint } = error;
    return { kind: "unread", config: { kind: "wrong", problems, hint } };
  }
}

interface Surroundings {
  readonly version: string;
  readonly dir: string;
  readonly files: readonly ConfigFile[];
  readonly system: SystemFacts;
  readonly config: ClusterConfig;
  readonly commands: Commands;
}

async function observe(around: Surroundings): Promise<ObservedHost> {
  const { dir, version, files, system, config, commands } = around;
  const { stateDir } = config;
  const hasIdentity = await infoOf(identityPath(stateDir)) !== undefined;
  const hasJoined = await infoOf(membershipPath(stateDir)) !== undefined;
  const isSetUp = {
    publisher: hasIdentity,
    monitor: hasJoined,
    subscriber: hasJoined,
  };
  const programs = await observePrograms({ config, dir, isSetUp });
  const isHere = (role: Role) =>
    programs.some((each) => each.role === role && isOfThisHost(each));
  const trouble = new ConfigTroubles();
  const load = <R extends Role>(role: R) =>
    isHere(role)
      ? trouble.caught(() => loadConfig(role, files, system))
      : undefined;
  const loaded = {
    monitor: load("monitor"),
    publisher: load("publisher"),
    subscriber: load("subscriber"),
  };
  const hub = programs.find(({ role }) => role === "publisher");
  const facts = {
    ...{ version, commands, programs },
    config: trouble.facts(files, Object.values(loaded)),
    state: await observeState(stateDir, serviceUser(programs)),
    node: await nodeOf(around, loaded, programs, isHere("publisher")),
    publisher: loaded.publisher && hub &&
      await observePublisher(loaded.publisher.config, hub.run),
    ...await observeAllowlist(around, loaded),
  };
  return { kind: "read", facts, loaded };
}

async function nodeOf(
  { dir }: Surroundings,
  { monitor, subscriber }: LoadedRoles,
  programs: readonly ObservedProgram[],
  isHub: boolean,
): Promise<HostFacts["node"]> {
  if (monitor === undefined && subscriber === undefined) return undefined;
  return await observeNode({
    monitor: monitor?.config,
    subscriber: subscriber?.config,
    monitorSources: monitor?.sources ?? [],
  }, {
    dir,
    isHub,
    monitorFigures: figuresOf(programs, "fail2ban-monitor"),
    subscriberSources: subscriber?.sources ?? [],
  });
}

/** The user that runs this host's services. */
function serviceUser(
  programs: readonly ObservedProgram[],
): string | undefined {
  const users = programs.map(({ unit }) =>
    unit?.load === "loaded" ? unit.user : ""
  );
  return users.find((user) => user !== "");
}

/**
 * The problems in the configurations of this host's roles, without duplicates.
 */
class ConfigTroubles {
  readonly #errors: ConfigError[] = [];

  /** @returns `undefined` if it throws a {@link ConfigError}. */
  caught<T>(load: () => T): T | undefined {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  facts(
    files: readonly ConfigFile[],
    loaded: readonly (LoadedConfig<Role> | undefined)[],
  ): ConfigFacts {
    const problems = this.#errors.flatMap((error) => error.problems);
    if (problems.length > 0) {
      const seen = new Map(
        problems.map((each) => [JSON.stringify(each), each]),
      );
      const { hint } = this.#errors[0] ?? {};
      return { kind: "wrong", problems: [...seen.values()], hint };
    }
    const lines = files[1]?.text.split("\n") ?? [];
    return {
      kind: "good",
      files: files.map(({ path }) => path),
      localLines:
        lines.filter((line) => /^\s*[A-Za-z]\w*\s*[=:]/.test(line)).length,
      warnings: [...new Set(loaded.flatMap((each) => each?.warnings ?? []))],
    };
  }
}

/**
 * This host's allowlist, and whether the protection rules cover the address of
 * the logged-in user.
 */
async function observeAllowlist(
  { config: { stateDir } }: Surroundings,
  loaded: LoadedRoles,
): Promise<Pick<HostFacts, "allowlist" | "ownAddress">> {
  const kept = await readable(
    new SecretFile<Allowlist>(`${stateDir}/allowlist.json`, ALLOWLIST_FORM)
      .read(),
  );
  const members = loaded.publisher &&
    await readable(memberListFile(stateDir).read());
  const hubs = members && allowlistAt(members.allowed, Date.now());
  return {
    allowlist: {
      kept: loaded.subscriber === undefined ? undefined : kept?.revision,
      hubs: hubs?.revision,
    },
    ownAddress: ownAddress(loaded, hubs ?? kept),
  };
}

function ownAddress(
  loaded: LoadedRoles,
  list: Allowlist | undefined,
): OwnAddressFacts | undefined {
  const [client = ""] = (Deno.env.get("SSH_CONNECTION") ?? "").split(" ");
  const address = canonicalAddress(client);
  const general = (loaded.publisher ?? loaded.monitor ?? loaded.subscriber)
    ?.config.general;
  if (address === undefined || general === undefined) return undefined;
  const networks = new NetworkSet(
    [...general.ignoreIp, ...general.members].flatMap((entry) =>
      entry.kind === "network"
        ? [{ network: entry.network, label: entry.network }]
        : []
    ),
  );
  const own = {
    ...general,
    guarded: [{ rule: "ignoreip", networks }],
  } as const;
  const allowlist = new AllowlistProtection(() => own);
  if (list !== undefined) allowlist.replace(list);
  const isHub = loaded.publisher !== undefined;
  return { address, rule: refusal(address, allowlist.policy)?.rule, isHub };
}

async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}
