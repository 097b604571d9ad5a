/**
 * `fail2ban-cluster doctor`: finds problems of this host, and the commands that
 * fix them.
 *
 * @module
 */

import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import { checkConfig } from "../../lib/diagnosis/config_check.ts";
import { diagnose } from "../../lib/diagnosis/diagnosis.ts";
import { countFindings, type Finding } from "../../lib/diagnosis/finding.ts";
import {
  findingJson,
  findingLines,
} from "../../lib/diagnosis/findings_output.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import {
  type ObservedHost,
  observeHost,
  type OwnProgram,
} from "./observed_host.ts";
import { outputPlace } from "./output_place.ts";

/**
 * Checks this host, and prints the findings.
 *
 * @param command The parsed command line.
 * @param program This program.
 */
export async function doctor(
  { options, configPath }: TypedCommand,
  program: OwnProgram,
): Promise<OperatorOutput> {
  const findings = findingsOf(await observeHost(configPath, program));
  const lines = options.has("json")
    ? findingJson(findings)
    : findingLines(findings, outputPlace());
  const { faults } = countFindings(findings);
  return { lines, notes: [], foundFault: faults > 0 };
}

/** The findings about a host. */
export function findingsOf(host: ObservedHost): readonly Finding[] {
  return host.kind === "unread"
    ? checkConfig(host.config)
    : diagnose(host.facts);
}
