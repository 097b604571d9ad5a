/**
 * `fail2ban-cluster report`: prints everything that a bug report needs.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import {
  type LoadedConfig,
  renderConfig,
  type Role,
} from "../../lib/config/config.ts";
import { readConfigFiles } from "../../lib/config/io/config_file.ts";
import { secretsIn } from "../../lib/config/config_secrets.ts";
import { findingLines } from "../../lib/diagnosis/findings_output.ts";
import { readEnd } from "../../lib/diagnosis/io/file_look.ts";
import { outputOf } from "../../lib/diagnosis/io/program_output.ts";
import { newReportDigest } from "../../lib/diagnosis/io/report_digest.ts";
import { maskReport } from "../../lib/diagnosis/masked_report.ts";
import {
  distributionIn,
  lastLines,
  reportLines,
  type ReportPart,
  versionIn,
} from "../../lib/diagnosis/report.ts";
import { renderStatus } from "../../lib/service/status_report.ts";
import {
  type OperatorOutput,
  PLAIN_PLACE,
} from "../../lib/views/operator_output.ts";
import { findingsOf } from "./doctor_command.ts";
import {
  identityFile,
  memberListFile,
  membershipFile,
} from "./member_files.ts";
import {
  type LoadedRoles,
  type ObservedHost,
  observeHost,
  type OwnProgram,
} from "./observed_host.ts";
import { programDir } from "./program_dir.ts";

/** Number of lines of each log. */
const LOG_LINES = 200;
const LOG_BYTES = 262_144;

/**
 * Observes this host, and prints the report.
 *
 * @param command The parsed command line.
 * @param program This program.
 */
export async function report(
  { options, configPath }: TypedCommand,
  program: OwnProgram,
): Promise<OperatorOutput> {
  const host = await observeHost(configPath, program);
  const showsAddresses = options.has("addresses");
  const lines = reportLines({
    atMs: Date.now(),
    versions: await versions(program.version),
    parts: [
      ...partsOf(host),
      {
        heading: "doctor",
        lines: findingLines(findingsOf(host), PLAIN_PLACE),
      },
      ...await logParts(host),
    ],
    showsAddresses,
  });
  const text = maskReport(lines.join("\n"), {
    ...await whatToMask(host, configPath, program.moduleUrl),
    showsAddresses,
    digest: newReportDigest(),
  });
  return {
    lines: text.split("\n"),
    notes: ["look through it before you send it to anybody"],
  };
}

async function versions(own: string): Promise<
  readonly (readonly [name: string, version: string])[]
> {
  const printed = async (command: string, ...args: readonly string[]) =>
    versionIn((await outputOf(command, ...args))?.stdout);
  const release = await readEnd("/etc/os-release", LOG_BYTES);
  return [
    ["fail2ban-cluster", own],
    ["deno", Deno.version.deno],
    ["fail2ban", await printed("fail2ban-client", "--version")],
    ["nft", await printed("nft", "--version")],
    [
      "systemd",
      ((await outputOf("systemctl", "--version"))?.stdout ?? "").split(
        "\n",
        1,
      )[0] ?? "",
    ],
    ["kernel", Deno.osRelease()],
    ["distribution", distributionIn(release && decode(release.bytes))],
  ];
}

/** The configuration and status of each program of this host. */
function partsOf(host: ObservedHost): readonly ReportPart[] {
  if (host.kind === "unread") return [];
  const configs = loadedOf(host.loaded).map(([role, loaded]) => ({
    heading: `configuration of fail2ban-${role}`,
    lines: lastLines(renderConfig(loaded), Infinity),
  }));
  const statuses = host.facts.programs.map(({ program, run }) => ({
    heading: `status of ${program}`,
    lines: run.kind === "running"
      ? lastLines(renderStatus(run.report), Infinity)
      : [
        run.kind === "mute" || run.kind === "odd" ? run.reason : "does not run",
      ],
  }));
  return [...configs, ...statuses];
}

function loadedOf(
  loaded: LoadedRoles,
): readonly (readonly [Role, LoadedConfig<Role>])[] {
  const roles = ["publisher", "monitor", "subscriber"] as const;
  return roles.flatMap((role) => {
    const each: LoadedConfig<Role> | undefined = loaded[role];
    return each === undefined ? [] : [[role, each] as const];
  });
}

/** The end of each log file, without duplicates. */
async function logParts(host: ObservedHost): Promise<readonly ReportPart[]> {
  if (host.kind === "unread") return [];
  const seen = new Set<string>();
  const parts: ReportPart[] = [];
  for (const [role, { config }] of loadedOf(host.loaded)) {
    const { logTarget } = config.general;
    const program = `fail2ban-${role}`;
    const path = logTarget?.kind === "file" ? logTarget.path : undefined;
    if (path !== undefined && seen.has(path)) continue;
    seen.add(path ?? program);
    const lines = path === undefined
      ? await journalOf(program)
      : await endOf(path);
    parts.push({
      heading: `the last ${LOG_LINES} lines of ${
        path ?? `the journal of ${program}`
      }`,
      lines,
    });
  }
  return parts;
}

async function endOf(path: string): Promise<readonly string[]> {
  const end = await readEnd(path, LOG_BYTES);
  return end === undefined
    ? [`${path} can't be read`]
    : lastLines(decode(end.bytes), LOG_LINES);
}

async function journalOf(program: string): Promise<readonly string[]> {
  const output = await outputOf(
    "journalctl",
    ...["--no-pager", "--output=short-iso", `--lines=${LOG_LINES}`],
    `--unit=${program}`,
  );
  return lastLines(output?.stdout ?? "", LOG_LINES);
}

/** All known secrets and names. */
async function whatToMask(
  host: ObservedHost,
  configPath: string | undefined,
  moduleUrl: string,
): Promise<{
  readonly secrets: readonly string[];
  readonly names: readonly string[];
}> {
  const secrets = await configSecrets(configPath, moduleUrl);
  const names = [Deno.hostname()];
  if (host.kind === "unread") return { secrets, names };
  const { path } = host.facts.state;
  const membership = await readable(membershipFile(path).read());
  const identity = await readable(identityFile(path).read());
  const list = await readable(memberListFile(path).read());
  if (membership !== undefined) {
    const { keys, publisherKey, token, node } = membership;
    secrets.push(keys.secretKey, keys.publicKey, publisherKey, token);
    names.push(node);
  }
  if (identity !== undefined) {
    secrets.push(identity.keys.secretKey, identity.keys.publicKey);
  }
  for (const { name, publicKey, tokenDigest } of list?.members ?? []) {
    names.push(name);
    secrets.push(publicKey, tokenDigest);
  }
  for (const [, { config: { general } }] of loadedOf(host.loaded)) {
    names.push(general.hostName);
    for (const entry of [...general.ignoreIp, ...general.members]) {
      if (entry.kind === "name") names.push(entry.name);
    }
  }
  const { publisher } = host.loaded;
  const tokens = publisher?.config.tokensPath;
  if (tokens !== undefined) secrets.push(...await wordsOf(tokens));
  return { secrets, names };
}

/** Reads the secrets, even of an invalid configuration. */
async function configSecrets(
  configPath: string | undefined,
  moduleUrl: string,
): Promise<string[]> {
  try {
    const files = await readConfigFiles(configPath, programDir(moduleUrl));
    return [...secretsIn(files)];
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  }
}

/** Every word in a file of tokens. */
async function wordsOf(path: string): Promise<readonly string[]> {
  const end = await readEnd(path, LOG_BYTES);
  return end === undefined
    ? []
    : decode(end.bytes).split(/[\s=,]+/).filter((word) => word.length > 7);
}

async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
