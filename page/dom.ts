/**
 * Creates elements. Data of the publisher is always text, never parsed as HTML.
 *
 * @module
 */

/** A child of an element. */
export type Child = Node | string | undefined;

/**
 * Attributes and listeners: `onclick` is a function, everything else is text.
 */
export type Props = Readonly<
  Record<string, string | boolean | ((event: Event) => void) | undefined>
>;

/** Creates an element. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") {
      element.addEventListener(key.slice("on".length), value);
    } else if (value === true) element.setAttribute(key, "");
    else if (typeof value === "string") element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A button. */
export function button(
  text: string,
  onclick: () => void,
  props: Props = {},
): HTMLButtonElement {
  return el("button", { type: "button", ...props, onclick }, text);
}

/** Sets text only if it changes, so that a screen reader does not repeat it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A field with its label above. */
export function field(
  label: string,
  input: HTMLElement,
  help?: string,
): HTMLElement {
  const id = `field-${++fields}`;
  input.id = id;
  const described = help === undefined
    ? undefined
    : el("small", { id: `${id}-help` }, help);
  if (described !== undefined) {
    input.setAttribute("aria-describedby", described.id);
  }
  return el(
    "p",
    { class: "field" },
    el("label", { for: id }, label),
    input,
    described,
  );
}

let fields = 0;

/** A table whose rows become cards on a narrow screen. */
export interface TableParts {
  readonly table: HTMLTableElement;
  readonly body: HTMLTableSectionElement;
}

/** An empty table with its headings. */
export function table(
  caption: string,
  headings: readonly string[],
): TableParts {
  const body = el("tbody", { role: "rowgroup" });
  const heads = headings.map((text) =>
    el(
      "th",
      { scope: "col", role: "columnheader" },
      text === "" ? el("span", { class: "hidden" }, "Action") : text,
    )
  );
  const head = el(
    "thead",
    { role: "rowgroup" },
    el("tr", { role: "row" }, ...heads),
  );
  return {
    table: el(
      "table",
      { role: "table" },
      el("caption", { class: "hidden" }, caption),
      head,
      body,
    ),
    body,
  };
}

/** A row; each cell has its column's name, for screens without headings. */
export function row(
  headings: readonly string[],
  cells: readonly Child[],
): HTMLTableRowElement {
  return el(
    "tr",
    { role: "row" },
    ...cells.map((cell, at) =>
      el("td", {
        ...{ role: "cell", "data-label": headings[at] ?? "" },
        class: isShort(cell) ? "short" : undefined,
      }, cell)
    ),
  );
}

/** Longest cell text without line breaks: times, numbers and words. */
const MAX_SHORT_LENGTH = 20;

function isShort(cell: Child): boolean {
  return typeof cell === "string" && cell.length <= MAX_SHORT_LENGTH;
}

/** A table of complete data, or a sentence when there is none. */
export function filledTable(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Child[])[],
  empty: string,
): HTMLElement {
  if (rows.length === 0) return el("p", { class: "empty" }, empty);
  const { table: element, body } = table(caption, headings);
  body.append(...rows.map((cells) => row(headings, cells)));
  return element;
}

/** A link to the view of an address. */
export function addressLink(address: string): HTMLElement {
  return el("a", { href: `#address/${address}`, class: "address" }, address);
}

/** A state as a word with a mark. */
export function state(
  word: string,
  kind: "good" | "bad" | "idle",
): HTMLElement {
  return el("span", { class: `state ${kind}` }, word);
}
