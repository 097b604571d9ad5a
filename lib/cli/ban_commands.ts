/**
 * The operator's verbs that read bans.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { BanSort, SubjectFilter } from "../wire/operator_bans.ts";
import { MAX_SORTED_BANS, type OperatorBan } from "../wire/operator_bans.ts";
import type { OperatorRequest } from "../wire/operator_messages.ts";
import {
  BAN_CSV_HEADING,
  BAN_LAYOUT,
  banCsv,
  banJson,
  banRow,
} from "../views/ban_view.ts";
import { banFilterOptions, limitOption, sortOption } from "./ban_operands.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import {
  GrowingTable,
  type OperatorOutput,
  type OutputPlace,
} from "../views/operator_output.ts";
import { countText } from "../views/plain_texts.ts";
import { networkOperand, outputForm } from "./operands.ts";
import { liveEventJson, TailTable } from "../views/tail_view.ts";
import type { LiveEvent } from "../wire/operator_tail.ts";
import { whyJson, whyLines } from "../views/why_view.ts";
import {
  askMany,
  type AskPublisher,
  askRunning,
} from "./publisher_questions.ts";

/** Options for {@link BanCommands}. */
export interface BanCommandsOptions {
  readonly ask: AskPublisher;
  /** In milliseconds since 1970. */
  readonly nowMs: number;
  readonly place: OutputPlace;
}

/** The output format for bans. */
interface BanForm {
  /** Lines before the first ban. */
  readonly before: readonly string[];
  readonly lines: (bans: readonly OperatorBan[]) => readonly string[];
  /** Lines after the last ban. */
  readonly after: (shown: number, matched: number) => readonly string[];
}

/** Number of listed bans without `--limit` and `--all`. */
const USUAL_LIMIT = 50;

/** Carries out `bans`, `why` and `tail`. */
export class BanCommands {
  readonly #options: BanCommandsOptions;

  /** @param options See {@link BanCommandsOptions}. */
  constructor(options: BanCommandsOptions) {
    this.#options = options;
  }

  /** `bans`. */
  bans(command: TypedCommand): OperatorOutput {
    const request = this.#request(command);
    const form = this.#form(command);
    return { lines: [], pages: this.#pages(request, form), notes: [] };
  }

  /** `why`. */
  async why(command: TypedCommand): Promise<OperatorOutput> {
    const { ask, nowMs } = this.#options;
    const address = networkOperand(command);
    const why = await askRunning(ask, { kind: "why", address }, "why");
    const lines = command.options.has("json")
      ? [whyJson(why)]
      : whyLines(why, nowMs);
    return { lines, notes: [] };
  }

  /** `tail`. */
  tail(command: TypedCommand): OperatorOutput {
    const { options } = command;
    const { jail, node, at, within } = banFilterOptions(command, 0);
    const filter = { jail, node, at, within };
    const table = new TailTable(this.#options.place);
    const show = options.has("json")
      ? (events: readonly LiveEvent[]) => events.map(liveEventJson)
      : (events: readonly LiveEvent[]) => table.lines(events);
    const live = (signal: AbortSignal) => this.#events(filter, show, signal);
    return { lines: [], live, notes: [] };
  }

  async *#events(
    filter: SubjectFilter,
    show: (events: readonly LiveEvent[]) => readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const { ask } = this.#options;
    for await (const answer of askMany(ask, { kind: "tail", filter }, signal)) {
      if (answer.kind !== "events") continue;
      const lines = show(answer.events);
      if (lines.length > 0) yield lines;
    }
  }

  #request(command: TypedCommand): OperatorRequest & { kind: "bans" } {
    const filter = banFilterOptions(command, this.#options.nowMs);
    const isAll = command.options.has("all");
    const typedSort = sortOption(command);
    const typedLimit = limitOption(command);
    if (isAll && typedLimit !== undefined) {
      throw new UsageError("--all and --limit exclude each other", {
        hint: "--limit N is for the first of them, --all for every one",
      });
    }
    // A sorted list is held in memory, so it has a limit.
    const sort: BanSort | null = typedSort ?? (isAll ? null : "since");
    const all = sort === null ? null : MAX_SORTED_BANS;
    const limit = isAll ? all : typedLimit ?? USUAL_LIMIT;
    return { kind: "bans", filter, sort, limit };
  }

  #form(command: TypedCommand): BanForm {
    const { options } = command;
    const form = outputForm(command);
    if (form === "json") {
      return {
        before: [],
        lines: (bans) => bans.map(banJson),
        after: () => [],
      };
    }
    if (form === "csv") {
      return {
        before: [BAN_CSV_HEADING],
        lines: (bans) => bans.map(banCsv),
        after: () => [],
      };
    }
    const { nowMs, place } = this.#options;
    const table = new GrowingTable(BAN_LAYOUT, place);
    return {
      before: [],
      lines: (bans) => table.lines(bans.map((ban) => banRow(ban, nowMs))),
      after: (shown, matched) => endOfTable(shown, matched, options),
    };
  }

  async *#pages(
    request: OperatorRequest & { kind: "bans" },
    form: BanForm,
  ): AsyncGenerator<readonly string[], void, undefined> {
    if (form.before.length > 0) yield form.before;
    let shown = 0;
    for await (const answer of askMany(this.#options.ask, request)) {
      if (answer.kind === "bans") {
        shown += answer.bans.length;
        yield form.lines(answer.bans);
      } else if (answer.kind === "listed") {
        yield form.after(shown, answer.matched);
      }
    }
  }
}

function endOfTable(
  shown: number,
  matched: number,
  options: TypedCommand["options"],
): readonly string[] {
  if (matched === 0) return ["no bans"];
  if (shown >= matched) return [];
  const count = `${countText(shown)} of ${countText(matched)}`;
  return options.has("all")
    ? [`${count}; a sorted list ends here: --all without --sort for all`]
    : [`${count}; --all for all`];
}
