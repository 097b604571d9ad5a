/**
 * `fail2ban-cluster doctor`: what is wrong with this host, and what to type.
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
 * Looks at this host, and says what is wrong.
 *
 * @param command What was typed.
 * @param program This one.
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

/** What is wrong with a host. */
export function findingsOf(host: ObservedHost): readonly Finding[] {
  return host.kind === "unread"
    ? checkConfig(host.config)
    : diagnose(host.facts);
}
