/**
 * Checks whether the programs of this host run, by their pid files, status
 * sockets and units.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import type { StatusReport } from "../service/status_report.ts";
import { spanText } from "../views/plain_texts.ts";
import { type Commands, serviceCommand } from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** Value of a program's `health` figure when nothing is wrong. */
const HEALTHY = "ok";

/** The state of a program. */
export type ProgramRun =
  | { readonly kind: "running"; readonly report: StatusReport }
  /** It runs, but can't be asked. */
  | {
    readonly kind: "mute";
    readonly reason: string;
    readonly hint: string | undefined;
  }
  /** Its pid file names a process that is not this program. */
  | { readonly kind: "stale"; readonly pid: number }
  /** The path of its pid file is not a regular file. */
  | {
    readonly kind: "odd";
    readonly reason: string;
    /** The command that moves that aside. */
    readonly aside: string | undefined;
  }
  | { readonly kind: "stopped" };

/** The state of a systemd unit. */
export interface UnitFacts {
  /** `loaded`, `not-found`, `masked`. */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`. */
  readonly active: string;
  /** `enabled`, `disabled`; empty: there is no unit. */
  readonly file: string;
  /** Why it failed, as in `exit-code`. */
  readonly result: string;
}

/** A program of this host. */
export interface ProgramFacts {
  readonly program: string;
  /** The name of its unit: its own, or that of the node that it is part of. */
  readonly service: string;
  readonly pidFile: string;
  readonly run: ProgramRun;
  /** `undefined`: this host has no service manager. */
  readonly unit: UnitFacts | undefined;
  /** Whether the configuration or a membership sets it up. */
  readonly isSetUp: boolean;
  /** Other processes that do the same work. */
  readonly others: readonly number[];
}

/** Whether a program is used on this host. */
export function isOfThisHost({ run, unit, isSetUp }: ProgramFacts): boolean {
  return run.kind !== "stopped" || isSetUp || isInUse(unit);
}

/**
 * Whether a unit is in use. Packages install the units of all roles; one that
 * is disabled and inactive is for another host.
 */
export function isInUse(unit: UnitFacts | undefined): boolean {
  return unit?.load === "loaded" &&
    (unit.file !== "disabled" || unit.active !== "inactive");
}

/**
 * Checks one program.
 *
 * @param facts Its state; it {@link isOfThisHost}.
 * @param version The version of this program, which is the installed one.
 * @param commands How it is started.
 */
export function checkProgram(
  facts: ProgramFacts,
  version: string,
  commands: Commands,
): readonly Finding[] {
  return [
    ...checkRun(facts, version, commands),
    ...checkUnit(facts, commands),
    ...checkOthers(facts),
  ];
}

function checkRun(
  { program, service, pidFile, run, unit }: ProgramFacts,
  version: string,
  commands: Commands,
): readonly Finding[] {
  const start = serviceCommand(commands, "start", service);
  switch (run.kind) {
    case "running": {
      const { report } = run;
      const up = spanText(report.upSeconds * 1_000);
      const text = `${report.version}, process ${report.pid}, up ${up}`;
      const { health = HEALTHY } = report.figures;
      if (health !== HEALTHY) {
        return [fault(program, String(health), `${program} status`)];
      }
      return report.version === version ? [fine(program, text)] : [warning(
        program,
        `${text}; installed is ${version}`,
        serviceCommand(commands, "restart", service),
      )];
    }
    case "mute":
      return [fault(program, run.reason, run.hint)];
    case "stale":
      return [fault(
        program,
        `does not run: ${pidFile} names process ${run.pid}, which is not it`,
        start,
      )];
    case "odd":
      return [fault(
        program,
        run.reason,
        run.aside === undefined ? "sudo fail2ban-cluster doctor" : run.aside,
      )];
    case "stopped":
      // The check of its unit tells more.
      return unit !== undefined ? [] : [fault(
        program,
        "does not run",
        start,
      )];
  }
}

function checkUnit(
  { service, run, unit, isSetUp }: ProgramFacts,
  commands: Commands,
): readonly Finding[] {
  if (unit === undefined) return [];
  const isDown = run.kind !== "running" && run.kind !== "mute";
  const command = (verb: "start" | "enable --now") =>
    serviceCommand(commands, verb, service);
  if (unit.load === "not-found") {
    return isSetUp && isDown
      ? [fault(
        `${service}.service`,
        "is not installed",
        `install.sh install --role ${service.replace("fail2ban-", "")}`,
      )]
      : [];
  }
  if (unit.load === "masked") {
    return [fault(
      `${service}.service`,
      "is masked",
      `systemctl unmask ${service} && ${command("enable --now")}`,
    )];
  }
  const isEnabled = unit.file.startsWith("enabled");
  if (unit.active === "failed") {
    return [fault(
      `${service}.service`,
      `has failed (${unit.result}): journalctl -u ${service} -n 20 says why`,
      `systemctl reset-failed ${service}; ${
        command(isEnabled ? "start" : "enable --now")
      }`,
    )];
  }
  if (isDown && unit.active !== "active") {
    return [fault(
      `${service}.service`,
      isEnabled
        ? `does not run (${unit.active})`
        : "does not run, and is not started at boot",
      command(isEnabled ? "start" : "enable --now"),
    )];
  }
  return isEnabled ? [] : [warning(
    `${service}.service`,
    "is not started at boot",
    `systemctl enable ${service}`,
  )];
}

/** Two of them would lift each other's bans. */
function checkOthers({ program, others }: ProgramFacts): readonly Finding[] {
  const [first] = others;
  return first === undefined ? [] : [fault(
    program,
    others.length === 1
      ? `another one works on the same: process ${first}`
      : `others work on the same: processes ${others.join(", ")}`,
    `kill ${others.join(" ")}`,
  )];
}

/** Extracts the command to move a file aside from the end of a hint. */
export function asideOf(hint: string | undefined): string | undefined {
  return /run: (mv .*)$/s.exec(hint ?? "")?.[1];
}

/** The command that shows a file, when only a person can judge it. */
export function showCommand(path: string): string {
  return `ls -l ${shellWord(path)}`;
}
