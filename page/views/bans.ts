/**
 * The newest bans, or those that match a search.
 *
 * @module
 */

import { banRow } from "../../lib/views/ban_view.ts";
import { countedText, countText } from "../../lib/views/plain_texts.ts";
import type { BanFilter, OperatorBan } from "../../lib/wire/operator_bans.ts";
import { ask, nowMs } from "../api.ts";
import { BanRows, keyOf, MAX_SHOWN } from "../ban_rows.ts";
import { addressLink, button, el, row, setText, table } from "../dom.ts";
import {
  isPlain,
  readSearch,
  SEARCH_HELP,
  type TypedFilter,
} from "../search.ts";
import { banning, unbanning } from "./actions.ts";
import type { Shell, View } from "./view.ts";

const HEADINGS = [
  "Address",
  "Jail",
  "Reported by",
  "Since",
  "Ends in",
  "Enforced",
  "",
];
/** Index of the first cell that may change. */
const CHANGING = 2;
/** Pause after a change before the list is requested again. */
const ASK_PAUSE_MS = 1_000;
/** Pause in typing after which a search starts. */
const TYPE_PAUSE_MS = 250;

/** The view. */
export function bansView(shell: Shell, searched: string): View {
  const view = new BansView(shell, searched);
  return {
    title: "Bans",
    content: view.content,
    load: () => view.load(),
    changed: (told) => view.change(told),
    events: ({ events }) => view.enforce(events),
    counted: (bans) => view.count(bans),
    tick: () => view.tick(),
  };
}

/** A row with its ban. */
interface Drawn {
  readonly element: HTMLTableRowElement;
  ban: OperatorBan | undefined;
}

class BansView {
  readonly content: HTMLElement;
  readonly #shell: Shell;
  readonly #rows = new BanRows();
  readonly #elements = new Map<string, Drawn>();
  readonly #table = table("Bans", HEADINGS);
  readonly #count = el("p", { class: "count", "aria-live": "polite" });
  readonly #empty = el("p", { class: "empty", hidden: true });
  readonly #input: HTMLInputElement;
  #filter: TypedFilter;
  /** The first invalid word of the search. */
  #wrong: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loads = 0;
  #isLoading = false;
  /** Whether a change arrived during loading that the list may not contain. */
  #isStale = false;

  constructor(shell: Shell, searched: string) {
    this.#shell = shell;
    this.#input = el("input", {
      ...{ type: "search", id: "search", value: searched, spellcheck: "false" },
      "aria-describedby": "search-help",
      placeholder: "Search all bans",
      oninput: () => this.#later(TYPE_PAUSE_MS),
    });
    const read = readSearch(searched, nowMs());
    this.#filter = "filter" in read ? read.filter : {} as TypedFilter;
    const search = el(
      "form",
      {
        role: "search",
        onsubmit: (event) => {
          event.preventDefault();
          this.#later(0);
        },
      },
      el("label", { for: "search" }, "Search"),
      this.#input,
      el("small", { id: "search-help" }, SEARCH_HELP),
    );
    const ban = shell.mayWrite
      ? button("Ban an address", () => shell.confirm(banning("")))
      : undefined;
    this.content = el(
      "div",
      {},
      el("div", { class: "bar" }, search, ban),
      this.#count,
      this.#table.table,
      this.#empty,
    );
    this.#table.table.classList.add("many");
  }

  async load(): Promise<void> {
    const read = readSearch(this.#input.value, nowMs());
    this.#wrong = "wrong" in read ? read.wrong : undefined;
    if ("wrong" in read) return this.#tell(this.#rows.shown.length);
    this.#filter = read.filter;
    const load = ++this.#loads;
    this.#rows.expectList();
    this.#isLoading = true;
    try {
      const lines = await ask({
        ...{ kind: "bans", sort: "since", limit: MAX_SHOWN },
        filter: read.filter as BanFilter,
      });
      // Ignores the answer to an earlier search.
      if (load === this.#loads) this.#fill(lines);
    } finally {
      if (load === this.#loads) this.#loaded();
    }
  }

  #fill(lines: Awaited<ReturnType<typeof ask>>): void {
    const bans = lines.flatMap((line) => line.kind === "bans" ? line.bans : []);
    const end = lines.find((line) => line.kind === "listed");
    this.#rows.fill(bans, end?.matched ?? bans.length);
    this.#draw();
  }

  change(told: Parameters<BanRows["change"]>[0]): void {
    const plain = isPlain(this.#filter);
    this.#rows.change(told, plain);
    this.#draw();
    if (plain || told.bans.length > 0) this.#askSoon();
  }

  count(bans: number): void {
    if (!isPlain(this.#filter) || this.#isLoading) return;
    this.#rows.count(bans);
    this.#tell(this.#rows.shown.length);
    this.#askSoon();
  }

  enforce(events: Parameters<NonNullable<View["events"]>>[0]["events"]): void {
    for (const event of events) {
      if (event.kind !== "ban") continue;
      this.#rows.enforce(event, event.enforced, event.expected);
    }
    this.#draw();
  }

  tick(): void {
    this.#rows.expire(nowMs());
    this.#draw(true);
  }

  #loaded(): void {
    this.#rows.giveUp();
    this.#isLoading = false;
    const isStale = this.#isStale;
    this.#isStale = false;
    if (isStale) this.#askSoon();
  }

  /** Whether a change requires a new list. */
  #needsList(): boolean {
    return !isPlain(this.#filter) || this.#rows.isShort;
  }

  /** Schedules a new list; further changes do not postpone it. */
  #askSoon(): void {
    if (this.#timer !== undefined || !this.#needsList()) return;
    if (this.#isLoading) this.#isStale = true;
    else this.#later(ASK_PAUSE_MS, () => this.#needsList());
  }

  #later(ms: number, isWanted = () => true): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // Another view is shown, and owns the URL.
      if (!this.content.isConnected || !isWanted()) return;
      history.replaceState(
        null,
        "",
        `#bans/${encodeURIComponent(this.#input.value)}`,
      );
      this.#shell.attempt(() => this.load());
    }, ms);
  }

  /**
   * Keeps the elements of existing rows, and so their focus; in rows of
   * unchanged bans only the times change, every second.
   */
  #draw(isAnew = false): void {
    const shown = this.#rows.shown;
    const now = nowMs();
    const keys = new Set(shown.map(keyOf));
    for (const [key, { element }] of this.#elements) {
      if (!keys.has(key)) this.#remove(key, element);
    }
    const { body } = this.#table;
    let at = body.firstElementChild;
    for (const ban of shown) {
      const drawn = this.#drawn(ban);
      const { element } = drawn;
      if (isAnew || drawn.ban !== ban) fillRow(element, ban, now);
      drawn.ban = ban;
      if (element === at) at = at.nextElementSibling;
      else body.insertBefore(element, at);
    }
    this.#tell(shown.length);
  }

  #tell(shown: number): void {
    const { matched } = this.#rows;
    const isAll = isPlain(this.#filter);
    const all = countedText(matched, "ban");
    const countedShown = shown < matched
      ? `${all}; the newest ${countText(shown)} are shown`
      : all;
    setText(
      this.#count,
      this.#wrong === undefined
        ? countedShown
        : `"${this.#wrong}" is not understood: ${SEARCH_HELP}`,
    );
    this.#table.table.hidden = shown === 0;
    // The list of existing bans is still loading.
    this.#empty.hidden = shown > 0 || matched > 0;
    setText(
      this.#empty,
      isAll ? "Nobody is banned." : "No ban matches what is searched for.",
    );
  }

  #drawn(ban: OperatorBan): Drawn {
    const known = this.#elements.get(keyOf(ban));
    if (known !== undefined) return known;
    const { address, jail } = ban;
    const lift = button(
      "Lift",
      () => this.#shell.confirm(unbanning(address)),
      { "aria-label": `Lift ${address}` },
    );
    const made = row(HEADINGS, [
      addressLink(address),
      jail,
      ...["", "", "", ""],
      this.#shell.mayWrite ? lift : undefined,
    ]);
    const drawn = { element: made, ban: undefined };
    this.#elements.set(keyOf(ban), drawn);
    return drawn;
  }

  /** Removes a row; if it has the focus, the next row gets it. */
  #remove(key: string, element: HTMLTableRowElement): void {
    if (element.contains(document.activeElement)) {
      const next = element.nextElementSibling ?? element.previousElementSibling;
      const target = next?.querySelector<HTMLElement>("button, a");
      (target ?? this.#input).focus();
    }
    element.remove();
    this.#elements.delete(key);
  }
}

function fillRow(
  { cells }: HTMLTableRowElement,
  ban: OperatorBan,
  now: number,
): void {
  banRow(ban, now).slice(CHANGING).forEach((text, at) => {
    const cell = cells[at + CHANGING];
    if (cell !== undefined) setText(cell, text);
  });
}
