/**
 * Loads the configuration: parses the text of files into one role's typed
 * values, or reports every problem at once.
 *
 * @module
 */

import { buildList } from "./list_checks.ts";
import {
  type ConfigFile,
  type ConfigReading,
  readConfig,
} from "./config_reader.ts";
import { checkRules, warningsOfHostName } from "./config_rules.ts";
import { ConfigError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { quoteIniValue } from "./ini_text.ts";
import {
  type ListedOption,
  listOptions,
  optionsOfList,
  type Role,
} from "./options.ts";
import { buildConfig, type RoleConfigs } from "./role_config.ts";
import {
  NO_USER_FOLDERS,
  placedNotices,
  placeForUser,
  type UserFolders,
} from "./user_folders.ts";

export type { ConfigFile, Role };
export type { LogTarget, SubscriberAction } from "./cluster_kinds.ts";
export type {
  GeneralConfig,
  MonitorConfig,
  Protocol2Urls,
  PublisherConfig,
  RoleConfigs,
  SubscriberConfig,
} from "./role_config.ts";

/** Facts about the host that the configuration uses. */
export interface SystemFacts {
  /** The system's host name, unchecked; used when `hostname` is not set. */
  readonly hostname: string;
  /**
   * Folders of an ordinary user, in place of default ones that are not
   * writable. @default {NO_USER_FOLDERS}
   */
  readonly userFolders?: UserFolders;
}

/** A value and where it came from. */
export interface ValueSource {
  /** The section of the option. */
  readonly section: string;
  readonly key: string;
  /**
   * The value as written, secrets masked; `undefined`: not set, and no default.
   */
  readonly shown: string | undefined;
  /** `file:line`, `default`, or what applies without a value. */
  readonly from: string;
}

/** A valid configuration. */
export interface LoadedConfig<R extends Role> {
  readonly config: RoleConfigs[R];
  /** Warnings for the operator, one line each. */
  readonly warnings: readonly string[];
  /** Deviations from the configuration that are fine, one line each. */
  readonly notices: readonly string[];
  /** Whether the pid file's folder is the user's own, and may not exist yet. */
  readonly ownRunFolder: boolean;
  /** Every option of the role, in the table's order. */
  readonly sources: readonly ValueSource[];
}

/** Shown instead of a secret. */
const MASK = "********";

/**
 * Loads one role's configuration. Later files override earlier ones, key by
 * key. The sections of other roles are checked as well, because one file serves
 * all.
 *
 * @param role The role.
 * @param files The files, `*.conf` before `*.local`.
 * @param system Facts about the host.
 * @throws {ConfigError} with every problem of every file.
 *
 * @example
 * ```ts
 * import { loadConfig } from "./config.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const files = [{ path: "a.conf", text: "[monitor]\nauth = off # for now" }];
 * const { config } = loadConfig("monitor", files, { hostname: "web1" });
 * strictEqual(config.general.hostName, "web1");
 * strictEqual(config.token, undefined);
 * strictEqual(config.unbanHoldMs, 30_000);
 * ```
 */
export function loadConfig<R extends Role>(
  role: R,
  files: readonly ConfigFile[],
  system: SystemFacts,
): LoadedConfig<R> {
  const reading = readConfig(files);
  const rules = checkRules(role, files, reading);
  const problems = [...reading.problems, ...rules.problems];
  const hostName = reading.values.general.hostname ??
    parseHostName(system.hostname);
  if (hostName === undefined) {
    problems.push({
      file: files[0]?.path ?? "(defaults)",
      key: "general.hostname",
      expected: "a host's name here, since the system's is none",
    });
    throw new ConfigError(problems);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const { userFolders = NO_USER_FOLDERS } = system;
  const { values, placed } = placeForUser(reading.values, userFolders);
  return {
    config: buildConfig(role, values, hostName, reading.lists.map(buildList)),
    notices: placedNotices(placed, role),
    ownRunFolder: placed.has(`${role}.pidfile`),
    warnings: [
      ...rules.warnings,
      ...warningsOfHostName(role, files, reading, hostName),
    ],
    sources: [
      ...listOptions("general", role),
      ...(role === "publisher" ? reading.lists : [])
        .flatMap(({ name }) => optionsOfList(name)),
    ].map((listed) => sourceOf(listed, reading, hostName, placed)),
  };
}

/**
 * Renders a configuration in the format of the files, with the source of each
 * value as a comment and secrets masked.
 *
 * @param loaded The result of {@link loadConfig}.
 * @returns Lines, each with its line end.
 */
export function renderConfig(loaded: LoadedConfig<Role>): string {
  const lines: string[] = [];
  let section: string | undefined;
  for (const source of loaded.sources) {
    if (source.section !== section) {
      if (section !== undefined) lines.push("");
      section = source.section;
      lines.push(`[${section}]`);
    }
    lines.push(
      source.shown === undefined
        ? `# ${source.key} is not set: ${source.from}`
        : `${source.key} = ${quoteIniValue(source.shown)}  # ${source.from}`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function sourceOf(
  { section, key, option }: ListedOption<string>,
  { found }: ConfigReading,
  hostName: HostName,
  placed: ReadonlyMap<string, string>,
): ValueSource {
  const own = placed.get(`${section}.${key}`);
  if (own !== undefined) {
    const from = "this user may not write the default";
    return { section, key, shown: own, from };
  }
  const written = found.get(`${section}.${key}`);
  if (written !== undefined) {
    const { isSecret = false, showSecret = () => MASK } = option;
    const shown = isSecret ? showSecret(written.text) : written.text;
    return { section, key, shown, from: `${written.file}:${written.line}` };
  }
  if (option.default !== undefined) {
    return { section, key, shown: option.default, from: "default" };
  }
  const shown = section === "general" && key === "hostname"
    ? hostName
    : undefined;
  return { section, key, shown, from: option.unset ?? "none" };
}
