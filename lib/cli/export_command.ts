/**
 * `fail2ban-cluster export`: the bans in force, for other programs.
 *
 * @module
 */

import { finished } from "../base/address_span.ts";
import { banEndMs } from "../views/ban_view.ts";
import { banFilterOptions } from "./ban_operands.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import { EXPORT_FORMATS, exportLines } from "../views/export_formats.ts";
import { ExportedNetworks } from "../views/exported_networks.ts";
import { expected, minLeftOption } from "./operands.ts";
import type { OperatorOutput } from "../views/operator_output.ts";
import { askMany, type AskPublisher } from "./publisher_questions.ts";

/** Options for {@link exportBans}. */
export interface ExportOptions {
  readonly ask: AskPublisher;
  /** In milliseconds since 1970. */
  readonly nowMs: number;
}

/** Lines that are printed together. */
const PAGE_LINES = 1_000;

/**
 * Carries out `export`. It prints nothing before it knows all bans: the reader
 * gets the whole list, or none and an error.
 *
 * @param command The typed command.
 * @param options See {@link ExportOptions}.
 * @throws {RuntimeError} when the publisher's answer is incomplete.
 */
export async function exportBans(
  command: TypedCommand,
  { ask, nowMs }: ExportOptions,
): Promise<OperatorOutput> {
  const typed = command.options.get("format") ?? "plain";
  const format = EXPORT_FORMATS.find((each) => each === typed) ??
    expected(String(typed), `one of ${EXPORT_FORMATS.join(", ")}`, "format");
  const leastMs = nowMs + minLeftOption(command);
  const filter = banFilterOptions(command, nowMs);
  const request = { kind: "bans", filter, sort: null, limit: null } as const;
  const banned = new ExportedNetworks();
  for await (const answer of askMany(ask, request)) {
    if (answer.kind !== "bans") continue;
    for (const ban of answer.bans) {
      const endsMs = banEndMs(ban);
      if (ban.isPending || endsMs !== null && endsMs < leastMs) continue;
      banned.add(ban.address, endsMs);
    }
  }
  const networks = command.options.has("aggregate")
    ? banned.aggregated()
    : banned.inOrder();
  const lines = exportLines(format, finished(networks), nowMs);
  return { lines: [], pages: paged(lines), notes: [] };
}

async function* paged(
  lines: Iterable<string>,
): AsyncGenerator<readonly string[], void, undefined> {
  let page: string[] = [];
  for (const line of lines) {
    page.push(line);
    if (page.length < PAGE_LINES) continue;
    yield page;
    page = [];
  }
  yield page;
}
