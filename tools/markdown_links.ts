/**
 * Checks links of Markdown pages: the target file and its heading must exist.
 * Pure: files are arguments.
 *
 * @module
 */

/** Pages by path relative to the project's folder, with `/`. */
export type Pages = ReadonlyMap<string, string>;

/**
 * The link syntaxes of Markdown and embedded HTML: `](target)`, `[name]:
 * target`, `href="target"`.
 */
const LINKS = [
  /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g,
  /^ {0,3}\[[^\]]+\]:\s+(\S+)/gm,
  /\s(?:href|src|srcset)="([^"\s]+)/g,
];
/** External targets such as `https:` and `mailto:`, which are not checked. */
const OUTSIDE = /^(?:[a-z][a-z+.-]*:|\/\/)/;

/**
 * Finds broken links.
 *
 * @param pages The pages.
 * @param paths Every file of the project, including the pages.
 * @returns A line for each broken link: `page: target`.
 *
 * @example
 * ```ts
 * import { brokenLinks } from "./markdown_links.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const pages = new Map([["docs/A.md", "[b](B.md) [up](../A.md#no)"], ["A.md", "# Yes"]]);
 * deepStrictEqual(brokenLinks(pages, new Set(pages.keys())), [
 *   "docs/A.md: B.md",
 *   "docs/A.md: ../A.md#no",
 * ]);
 * ```
 */
export function brokenLinks(
  pages: Pages,
  paths: ReadonlySet<string>,
): readonly string[] {
  const anchors = new Map(
    [...pages].map(([path, text]) => [path, anchorsOf(text)]),
  );
  const isThere = (path: string) =>
    paths.has(path) || [...paths].some((each) => each.startsWith(`${path}/`));
  return [...pages].flatMap(([page, text]) =>
    linksOf(text).filter((target) => {
      const [path = "", anchor] = target.split("#");
      const led = resolved(page, path);
      if (led === undefined || !isThere(led)) return true;
      return anchor !== undefined && !anchors.get(led)?.has(anchor);
    }).map((target) => `${page}: ${target}`)
  );
}

/**
 * Finds pages that no links lead to.
 *
 * @param pages The pages.
 * @param from The page where a reader starts.
 * @returns Their paths.
 *
 * @example
 * ```ts
 * import { unreachedPages } from "./markdown_links.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const pages = new Map([["A.md", "[b](B.md)"], ["B.md", ""], ["C.md", ""]]);
 * deepStrictEqual(unreachedPages(pages, "A.md"), ["C.md"]);
 * ```
 */
export function unreachedPages(pages: Pages, from: string): readonly string[] {
  const reached = new Set([from]);
  for (const page of reached) {
    for (const target of linksOf(pages.get(page) ?? "")) {
      const led = resolved(page, target.split("#")[0] ?? "");
      if (led !== undefined && pages.has(led)) reached.add(led);
    }
  }
  return [...pages.keys()].filter((page) => !reached.has(page));
}

/**
 * The targets of a page's links within the project, grouped by syntax, without
 * those in code.
 *
 * @param text The page.
 */
export function linksOf(text: string): readonly string[] {
  const prose = withoutFences(text).replace(/(`+)[^`][\s\S]*?\1/g, "``");
  return LINKS.flatMap((link) => [...prose.matchAll(link)])
    .map(([, target = ""]) => target)
    .filter((target) => !OUTSIDE.test(target));
}

/**
 * The anchors of a page's headings, as code hosts generate them: the second
 * "Use" is `use-1`.
 *
 * @param text The page.
 */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(text).matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading.toLowerCase()
      .replace(/\]\([^)]*\)/g, "")
      .replace(/[^\p{L}\p{N}_\s-]/gu, "").trim().replace(/\s/g, "-");
    let name = anchor;
    for (let at = 1; anchors.has(name); at++) name = `${anchor}-${at}`;
    anchors.add(name);
  }
  return anchors;
}

/**
 * A page without its fenced blocks.
 *
 * @param text The page.
 */
export function withoutFences(text: string): string {
  return text.replace(/^ *(`{3,})[\s\S]*?^ *\1$/gm, "");
}

/**
 * A link's path relative to the project's folder; `undefined` when it leads
 * outside.
 */
function resolved(page: string, path: string): string | undefined {
  if (path === "") return page;
  const parts = path.startsWith("/") ? [] : page.split("/").slice(0, -1);
  for (const part of decodeURI(path).split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
