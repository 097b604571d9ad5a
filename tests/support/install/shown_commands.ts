/**
 * What README.md and QUICKSTART.md have somebody type.
 *
 * @module
 */

const ROOT = new URL("../../../", import.meta.url);
const FENCED = /^```(\w*)\n([\s\S]*?)^```$/gm;
/** What a block of commands may be marked as. */
const SHELL = /^(?:|sh|bash|shell|console)$/;
const TYPED = /^(hub|web1|web2)# +(.*)$/;
/** Code within a sentence that is a command with words behind it. */
const NAMED =
  /`((?:apt|apt-get|dnf|sh|deno|npx|fail2ban-\w+|systemctl|ufw) [^`]+)`/g;

/** A page of commands. */
export type CommandPage = "README.md" | "docs/QUICKSTART.md";

/** A line that the page has somebody type, and what it shows of what is said. */
export interface Shown {
  readonly host: string;
  readonly line: string;
  readonly says: readonly string[];
}

/** All lines that are typed on a host that is named before them, in their order. */
export async function shownLines(page: CommandPage): Promise<readonly Shown[]> {
  return linesIn(await textOf(page));
}

/** All blocks that are typed as they stand, without a prompt. */
export async function shownBlocks(
  page: CommandPage,
): Promise<readonly string[]> {
  return blocksIn(await textOf(page));
}

/**
 * The one block without a prompt that has a text.
 *
 * @throws {RangeError} where there is none, or another one as well.
 */
export async function shownBlock(
  page: CommandPage,
  text: string,
): Promise<string> {
  const found = (await shownBlocks(page)).filter((block) =>
    block.includes(text)
  );
  const [block] = found;
  if (block === undefined || found.length > 1) {
    throw new RangeError(`${page} has ${found.length} blocks with "${text}"`);
  }
  return block;
}

/** All commands that are named within sentences and tables. */
export async function namedCommands(
  page: CommandPage,
): Promise<readonly string[]> {
  return namedIn(await textOf(page));
}

/** See {@link shownLines}. */
export function linesIn(text: string): readonly Shown[] {
  return shellBlocks(text).flatMap(linesOf);
}

/** See {@link shownBlocks}. */
export function blocksIn(text: string): readonly string[] {
  return shellBlocks(text).filter((block) => linesOf(block).length === 0);
}

/** See {@link namedCommands}. */
export function namedIn(text: string): readonly string[] {
  return [...text.replace(FENCED, "").matchAll(NAMED)]
    .map(([, command = ""]) => command);
}

/** Codes differ each time, and the page shortens them. */
export function withoutCodes(text: string): string {
  return text.replace(/F2BC1[\w.-]+/g, "CODE");
}

async function textOf(page: CommandPage): Promise<string> {
  return await Deno.readTextFile(new URL(page, ROOT));
}

function shellBlocks(text: string): readonly string[] {
  return [...text.matchAll(FENCED)]
    .filter(([, language = ""]) => SHELL.test(language))
    .map(([, , block = ""]) => block);
}

function linesOf(block: string): readonly Shown[] {
  const shown: (Shown & { says: string[] })[] = [];
  for (const text of block.trimEnd().split("\n")) {
    const [, host, line] = TYPED.exec(text) ?? [];
    if (host !== undefined && line !== undefined) {
      shown.push({ host, line, says: [] });
    } else if (text !== "") shown.at(-1)?.says.push(text);
  }
  return shown;
}
