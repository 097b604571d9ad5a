/**
 * The operator's verbs for the page.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { MAX_VISIT_MS } from "../members/page_visit.ts";
import { parseNote } from "../members/member_list_form.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
  timeText,
} from "../views/operator_output.ts";
import { countedText, spanText } from "../views/plain_texts.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import { forOption } from "./operands.ts";
import { type AskPublisher, askRunning } from "./publisher_questions.ts";

/** Duration of a login without `--for`, in milliseconds: a working day. */
const USUAL_MS = 8 * 3_600_000;

/** Carries out `page ...`. */
export class PageCommands {
  readonly #ask: AskPublisher;
  readonly #editor: Editor;

  /** @param editor The operator. */
  constructor(ask: AskPublisher, editor: Editor) {
    this.#ask = ask;
    this.#editor = editor;
  }

  /** `page login`. */
  async login(command: TypedCommand): Promise<OperatorOutput> {
    const typed = forOption(command);
    const forMs = typed === undefined ? USUAL_MS : typed ?? Infinity;
    if (forMs > MAX_VISIT_MS) {
      throw new UsageError(
        `--for: a login holds ${spanText(MAX_VISIT_MS)} at most`,
      );
    }
    const isReadOnly = command.options.has("read-only");
    const { by } = this.#editor;
    const told = await askRunning(
      this.#ask,
      { kind: "pageLogin", by, isReadOnly, forMs },
      "pageCode",
    );
    const { code, place } = told;
    if (command.options.has("json")) {
      return {
        lines: jsonLines({ code, forMs: told.forMs, place }),
        notes: [],
      };
    }
    const rights = isReadOnly ? ", and may only read" : "";
    return {
      lines: [code],
      notes: [
        `it lets one browser in within ${
          spanText(told.forMs)
        }; the login holds ${spanText(forMs)}${rights}`,
        ...placeNotes(place),
      ],
    };
  }

  /** `page list`. */
  async list(command: TypedCommand): Promise<OperatorOutput> {
    const { visits } = await askRunning(
      this.#ask,
      { kind: "pageVisits" },
      "pageVisits",
    );
    if (command.options.has("json")) {
      return { lines: jsonLines(visits), notes: [] };
    }
    if (visits.length === 0) {
      return { lines: [], notes: ["nobody is logged in to the page"] };
    }
    const rows = visits.map(({ by, isReadOnly, beganMs, endsMs }) => [
      by,
      isReadOnly ? "read" : "all",
      timeText(beganMs),
      timeText(endsMs),
    ]);
    return {
      lines: tableLines([["USER", "MAY", "SINCE", "UNTIL"], ...rows]),
      notes: [],
    };
  }

  /** `page logout`. */
  async logout({ operands: [typed] }: TypedCommand): Promise<OperatorOutput> {
    const user = typed === undefined ? null : parseNote(typed);
    if (user === undefined) throw new UsageError("no user has such a name");
    const { count } = await askRunning(
      this.#ask,
      { kind: "pageLogout", by: this.#editor.by, user },
      "done",
    );
    const notes = [`${countedText(count, "login")} ended`];
    return { lines: [], notes };
  }
}

/** How to open the page in a browser. */
function placeNotes(place: string): readonly string[] {
  if (!place.startsWith("unix:")) {
    const port = place.slice(place.lastIndexOf(":") + 1);
    return [
      `the page is at ${place}; from another host: ssh -L ${port}:127.0.0.1:${port} HUB, then http://localhost:${port}`,
    ];
  }
  const path = place.slice("unix:".length);
  return [
    `the page is at ${place}: ssh -L 9683:${path} HUB, then http://localhost:9683`,
  ];
}
