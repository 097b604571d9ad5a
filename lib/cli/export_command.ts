/**
 * `fail2ban-cluster export`: what is in force, for other programs.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { addressSpan, aggregated, compareSpans } from "../base/address_span.ts";
import type { OperatorBan } from "../wire/operator_bans.ts";
import { banEndMs } from "../views/ban_view.ts";
import { banFilterOptions } from "./ban_operands.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import {
  EXPORT_FORMATS,
  type ExportedNetwork,
  exportLines,
} from "../views/export_formats.ts";
import { expected, minLeftOption } from "./operands.ts";
import type { OperatorOutput } from "../views/operator_output.ts";
import { askMany, type AskPublisher } from "./publisher_questions.ts";

/** Options for {@link exportBans}. */
export interface ExportOptions {
  readonly ask: AskPublisher;
  /** In milliseconds since 1970. */
  readonly nowMs: number;
}

/** Lines that are printed at once. */
const PAGE_LINES = 1_000;

/**
 * Carries out `export`. Nothing is printed before all is known: whoever reads
 * it gets the whole list, or none and an error.
 *
 * @param command What was typed.
 * @param options See {@link ExportOptions}.
 * @throws {RuntimeError} when the publisher does not answer to the end.
 */
export async function exportBans(
  command: TypedCommand,
  { ask, nowMs }: ExportOptions,
): Promise<OperatorOutput> {
  const typed = command.options.get("format") ?? "plain";
  const format = EXPORT_FORMATS.find((each) => each === typed) ??
    expected(String(typed), `one of ${EXPORT_FORMATS.join(", ")}`);
  const leastMs = nowMs + minLeftOption(command);
  const filter = banFilterOptions(command, nowMs);
  const request = { kind: "bans", filter, sort: null, limit: null } as const;
  const ends = new Map<Address, number | null>();
  for await (const answer of askMany(ask, request)) {
    if (answer.kind !== "bans") continue;
    for (const ban of answer.bans) note(ends, ban, leastMs);
  }
  const networks = command.options.has("aggregate")
    ? aggregated(ends.keys()).map((network) => ({ network, endsMs: null }))
    : inOrder(ends);
  const lines = exportLines(format, networks, nowMs);
  return { lines: [], pages: paged(lines), notes: [] };
}

/** An address is banned as long as one of its bans is. */
function note(
  ends: Map<Address, number | null>,
  ban: OperatorBan,
  leastMs: number,
): void {
  const endsMs = banEndMs(ban);
  if (ban.isPending || endsMs !== null && endsMs < leastMs) return;
  const known = ends.get(ban.address);
  const isLonger = known === undefined ||
    known !== null && (endsMs === null || endsMs > known);
  if (isLonger) ends.set(ban.address, endsMs);
}

/** By number, so that two lists are compared line by line. */
function inOrder(
  ends: ReadonlyMap<Address, number | null>,
): readonly ExportedNetwork[] {
  return [...ends]
    .map(([network, endsMs]) => ({
      network,
      endsMs,
      span: addressSpan(network),
    }))
    .sort((left, right) => compareSpans(left.span, right.span));
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
