/**
 * Commands that an operator types.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";

/** How programs are started here, and where they are configured. */
export interface Commands {
  /** Whether systemd runs this host's services. */
  readonly hasServices: boolean;
  /** The unit that this host's monitor is in. @default {"fail2ban-monitor"} */
  readonly monitorService?: string;
  /** The configuration file that was named; `undefined`: the programs find it themselves. */
  readonly namedConfig: string | undefined;
  /** The `*.local` that overrides it. */
  readonly localPath: string;
}

/** An option, and where it is set now. */
export interface PlacedOption {
  readonly section: string;
  readonly key: string;
  /** `file:line`, or anything else where it is not set. */
  readonly from: string | undefined;
}

/** The command of one of the project's programs. */
export function programCommand(
  { namedConfig }: Commands,
  program: string,
  ...words: readonly string[]
): string {
  const config = namedConfig === undefined
    ? []
    : ["--config", shellWord(namedConfig)];
  return [program, ...words, ...config].join(" ");
}

/** Starts, or restarts, one of the project's programs. */
export function serviceCommand(
  commands: Commands,
  verb: "start" | "restart" | "enable --now",
  program: string,
): string {
  if (commands.hasServices) return `systemctl ${verb} ${program}`;
  return programCommand(
    commands,
    program,
    verb === "restart" ? "restart" : "start",
  );
}

/**
 * Sets an option: in its line where the `*.local` has it, at the end of that
 * file otherwise.
 *
 * @example
 * ```ts
 * import { setCommand } from "./fix_commands.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const commands = { hasServices: true, namedConfig: undefined, localPath: "/etc/a.local" };
 * const option = { section: "monitor", key: "logformat", from: "default" };
 * strictEqual(
 *   setCommand(commands, option, "syslog"),
 *   "printf '\\n[monitor]\\nlogformat = syslog\\n' >>/etc/a.local",
 * );
 * strictEqual(
 *   setCommand(commands, { ...option, from: "/etc/a.local:3" }, "syslog"),
 *   "sed -i '3s|.*|logformat = syslog|' /etc/a.local",
 * );
 * ```
 */
export function setCommand(
  { localPath }: Commands,
  { section, key, from = "" }: PlacedOption,
  value: string,
): string {
  const file = shellWord(localPath);
  const setting = `${key} = ${value}`;
  const line = from.startsWith(`${localPath}:`)
    ? from.slice(localPath.length + 1)
    : undefined;
  return line === undefined
    ? `printf '\\n[${section}]\\n${setting}\\n' >>${file}`
    : `sed -i '${line}s|.*|${setting}|' ${file}`;
}
