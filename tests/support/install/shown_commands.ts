/**
 * Reads the commands on README.md and QUICKSTART.md.
 *
 * @module
 */

const ROOT = new URL("../../../", import.meta.url);
const FENCED = /^```(\w*)\n([\s\S]*?)^```$/gm;
/** Languages of a block of commands. */
const SHELL = /^(?:|sh|bash|shell|console)$/;
const TYPED = /^(hub|web1|web2)# +(.*)$/;
/** Inline code that is a command with arguments. */
const NAMED =
  /`((?:apt|apt-get|dnf|sh|deno|npx|fail2ban-\w+|systemctl|ufw) [^`]+)`/g;

/** A page with commands. */
export type CommandPage = "README.md" | "docs/QUICKSTART.md";

/** A line to type on a host, with the output that the page shows. */
export interface Shown {
  readonly host: string;
  readonly line: string;
  readonly says: readonly string[];
}

/** All lines with a host's prompt, in order. */
export async function shownLines(page: CommandPage): Promise<readonly Shown[]> {
  return linesIn(await textOf(page));
}

/** All blocks without a prompt. */
export async function shownBlocks(
  page: CommandPage,
): Promise<readonly string[]> {
  return blocksIn(await textOf(page));
}

/**
 * The only block without a prompt that contains a text.
 *
 * @throws {RangeError} when there is none, or more than one.
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

/** All commands in sentences and tables. */
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

/**
 * Replaces join codes, which differ each time and are shortened on the page.
 */
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
