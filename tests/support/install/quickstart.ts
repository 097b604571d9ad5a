/**
 * What QUICKSTART.md has somebody type, host by host.
 *
 * @module
 */

const PAGE = new URL("../../../docs/QUICKSTART.md", import.meta.url);
const TYPED = /^(hub|web1|web2)# +(.*)$/;

/** A line that the page has somebody type, and what it shows of what is said. */
export interface Shown {
  readonly host: string;
  readonly line: string;
  readonly says: readonly string[];
}

/** All lines that are typed on a host, in their order. */
export async function shownLines(): Promise<readonly Shown[]> {
  const text = await Deno.readTextFile(PAGE);
  return [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(
    ([, block = ""]) => linesOf(block),
  );
}

function linesOf(block: string): readonly Shown[] {
  const shown: (Shown & { says: string[] })[] = [];
  for (const text of block.trimEnd().split("\n")) {
    const [, host, line] = TYPED.exec(text) ?? [];
    if (host !== undefined && line !== undefined) {
      shown.push({ host, line, says: [] });
    } else shown.at(-1)?.says.push(text);
  }
  return shown;
}

/** Codes differ each time, and the page shortens them. */
export function withoutCodes(text: string): string {
  return text.replace(/F2BC1[\w.-]+/g, "CODE");
}
