/**
 * The operator's verbs that import lists.
 *
 * @module
 */

import { RuntimeError, UsageError } from "../base/errors.ts";
import { type ImportName, parseImportName } from "../base/operator_name.ts";
import { LIST_FORMATS, type ListFormat } from "../lists/list_formats.ts";
import { listParts } from "../lists/list_parts.ts";
import { type ParsedList, parseList } from "../lists/parse_list.ts";
import {
  IMPORT_CSV_HEADING,
  importCsv,
  importedJson,
  importedLines,
  importJson,
  importTable,
} from "../views/import_view.ts";
import type { OperatorOutput, OutputPlace } from "../views/operator_output.ts";
import { countText } from "../views/plain_texts.ts";
import {
  type ImportOrder,
  MAX_IMPORT_ENTRIES,
  MAX_PART_ENTRIES,
} from "../wire/operator_imports.ts";
import {
  MAX_OPERATOR_REQUEST_BYTES,
  type OperatorRequest,
} from "../wire/operator_messages.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import { expected, forOption, outputForm } from "./operands.ts";
import {
  type AnswerOf,
  askMany,
  type AskPublisher,
  askRunning,
} from "./publisher_questions.ts";

/** Shows the progress of long work. */
export interface ProgressView {
  /** Shows that `done` of `total` is done in the step called `label`. */
  show(label: string, done: number, total: number): Promise<void>;
  /** Removes the display: the work is done, or has failed. */
  end(): Promise<void>;
}

/** Options for {@link ImportCommands}. */
export interface ImportCommandsOptions {
  readonly ask: AskPublisher;
  readonly editor: Editor;
  /** In milliseconds since 1970. */
  readonly nowMs: number;
  readonly place: OutputPlace;
  /** Reads a file, or standard input for `-`. */
  readonly readList: (operand: string) => Promise<string>;
  readonly progress: ProgressView;
}

/** Maximum number of entries in a list without `--max`. */
const USUAL_MAX = 200_000;
/** Size of a part without its entries, with some reserve. */
const AROUND_PART = 200;

/** Carries out `import` and `imports`. */
export class ImportCommands {
  readonly #options: ImportCommandsOptions;

  /** @param options See {@link ImportCommandsOptions}. */
  constructor(options: ImportCommandsOptions) {
    this.#options = options;
  }

  /** `import`. */
  async import(command: TypedCommand): Promise<OperatorOutput> {
    const removed = command.options.get("remove");
    return typeof removed === "string"
      ? await this.#remove(command, nameOf(removed, "remove"))
      : await this.#take(command);
  }

  /** `imports`. */
  async imports(command: TypedCommand): Promise<OperatorOutput> {
    const { ask, nowMs, place } = this.#options;
    const form = outputForm(command);
    const { imports } = await askRunning(ask, { kind: "imports" }, "imports");
    switch (form) {
      case "json":
        return { lines: imports.map(importJson), notes: [] };
      case "csv":
        return {
          lines: [IMPORT_CSV_HEADING, ...imports.map(importCsv)],
          notes: [],
        };
      case "table":
        return { lines: importTable(imports, nowMs, place), notes: [] };
    }
  }

  async #take(command: TypedCommand): Promise<OperatorOutput> {
    const [operand] = command.operands;
    if (operand === undefined) {
      throw new UsageError("import needs FILE, or - for standard input", {
        hint: "fail2ban-cluster import FILE --name NAME --for 36h",
      });
    }
    const order = this.#order(command);
    const format = formatOption(command);
    const list = parseList(await this.#options.readList(operand), format);
    const { progress } = this.#options;
    try {
      const imported = await this.#handOver(list, order);
      await progress.end();
      const { name } = order;
      const lines = command.options.has("json")
        ? [importedJson(name, list, imported)]
        : importedLines(name, list, imported);
      return { lines, notes: [] };
    } finally {
      await progress.end();
    }
  }

  async #handOver(
    { entries, unit }: ParsedList,
    order: Omit<ImportOrder, "unit" | "faults">,
  ): Promise<AnswerOf<"imported">> {
    const { ask, progress } = this.#options;
    const faults = entries.filter(({ kind }) => kind === "fault").length;
    const total = entries.length - faults;
    if (total > order.max) {
      throw new RuntimeError(
        `${order.name} is refused as a whole, nothing was changed: it has ${
          countText(total)
        } entries`,
        { hint: `--max N allows more than ${countText(order.max)}` },
      );
    }
    const { upload } = await askRunning(
      ask,
      { kind: "importBegin", ...order, unit, faults },
      "upload",
    );
    const bounds = {
      maxEntries: MAX_PART_ENTRIES,
      maxLength: MAX_OPERATOR_REQUEST_BYTES - AROUND_PART,
    };
    for (const part of listParts(entries, bounds)) {
      const request = { kind: "importPart" as const, upload, ...part };
      const { count } = await askRunning(ask, request, "done");
      await progress.show("reading", count, total);
    }
    return await this.#followed({ kind: "importEnd", upload }, "imported");
  }

  async #remove(
    { operands, options }: TypedCommand,
    name: ImportName,
  ): Promise<OperatorOutput> {
    const others = [
      "name",
      "for",
      "widest",
      "widest6",
      "tolerate",
      "max",
      "format",
    ];
    if (operands.length > 0 || others.some((each) => options.has(each))) {
      throw new UsageError(
        "--remove takes only the name of an import",
        { hint: "fail2ban-cluster import --remove NAME" },
      );
    }
    const { editor: { by }, progress } = this.#options;
    try {
      const request = { kind: "importRemove" as const, by, name };
      const { count } = await this.#followed(request, "done");
      await progress.end();
      const line = options.has("json")
        ? JSON.stringify({ name, gone: count })
        : `${name}: ${countText(count)} gone`;
      return { lines: [line], notes: [] };
    } finally {
      await progress.end();
    }
  }

  /** Sends a request that takes long, and shows its progress. */
  async #followed<K extends "imported" | "done">(
    request: OperatorRequest,
    kind: K,
  ): Promise<AnswerOf<K>> {
    const { ask, progress } = this.#options;
    for await (const answer of askMany(ask, request)) {
      if (answer.kind === "progress") {
        await progress.show("taking", answer.done, answer.total);
      } else if (answer.kind === kind) {
        // The check of its kind narrows the type.
        return answer as AnswerOf<K>;
      } else break;
    }
    throw new RuntimeError("the publisher sent an unexpected answer", {
      hint: "it runs another version: restart it",
    });
  }

  #order(
    command: TypedCommand,
  ): Omit<ImportOrder, "unit" | "faults"> {
    const name = command.options.get("name");
    const forMs = forOption(command);
    if (typeof name !== "string" || forMs === undefined) {
      throw new UsageError("import needs --name and --for", {
        hint: "fail2ban-cluster import FILE --name NAME --for 36h",
      });
    }
    return {
      by: this.#options.editor.by,
      name: nameOf(name, "name"),
      forMs,
      widest4: numberOption(command, "widest", 1, 32),
      widest6: numberOption(command, "widest6", 1, 128),
      tolerate: numberOption(command, "tolerate", 0, MAX_IMPORT_ENTRIES),
      max: numberOption(command, "max", 1, MAX_IMPORT_ENTRIES) ?? USUAL_MAX,
    };
  }
}

function nameOf(text: string, option: string): ImportName {
  return parseImportName(text) ??
    expected(text, "a name of a-z, 0-9, . _ and -, up to 32 of them", option);
}

function formatOption({ options }: TypedCommand): ListFormat | undefined {
  const text = options.get("format");
  if (typeof text !== "string") return undefined;
  return LIST_FORMATS.find((each) => each === text) ??
    expected(text, `one of ${LIST_FORMATS.join(", ")}`, "format");
}

function numberOption(
  { options }: TypedCommand,
  name: string,
  min: number,
  max: number,
): number | null {
  const text = options.get(name);
  if (typeof text !== "string") return null;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  return number >= min && number <= max
    ? number
    : expected(text, `a number, ${min} to ${max}`, name);
}
