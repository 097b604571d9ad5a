/**
 * Parses configuration files into the value of every option, with its source.
 *
 * @module
 */

import type { ConfigProblem } from "../base/errors.ts";
import { type IniSection, parseIniText } from "./ini_text.ts";
import { nearestName } from "../base/nearest_name.ts";
import { isSecretName } from "../base/secrets.ts";
import {
  type ListedOption,
  listOptions,
  type Option,
  OPTIONS,
  optionsOfList,
  type OptionValue,
  type SectionName,
} from "./options.ts";
import { LIST, LIST_SECTION } from "./options_list.ts";
import { MAX_LISTS, parseListName } from "../exports/list_rules.ts";

/** The content of a configuration file. */
export interface ConfigFile {
  /** Its path, for problems. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
  /** Whether every user of the host may read it. @default {false} */
  readonly isWorldReadable?: boolean;
}

/** A value as written. */
export interface FoundValue {
  readonly text: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

type SectionValues<S> = { readonly [K in keyof S]: OptionValue<S[K]> };

/** The value of every option, by section and key. */
export type OptionValues = {
  readonly [S in SectionName]: SectionValues<typeof OPTIONS[S]>;
};

/** A section `[list:NAME]`. */
export interface ListSection {
  readonly name: string;
  /** The file that first names it. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly values: SectionValues<typeof LIST>;
}

/** The values in all files, and their problems. */
export interface ConfigReading {
  /** An invalid value is replaced by its default, so check `problems` first. */
  readonly values: OptionValues;
  /** The lists, in the order of their first appearance. */
  readonly lists: readonly ListSection[];
  /** The values that are set, by `section.key`; the last file wins. */
  readonly found: ReadonlyMap<string, FoundValue>;
  /** Every problem of every file. */
  readonly problems: readonly ConfigProblem[];
}

const MAX_SHOWN_LENGTH = 100;

interface Place {
  readonly file: string;
  readonly line: number;
}

/**
 * Parses configuration files. Later ones override earlier ones, key by key.
 *
 * @param files The files, in order.
 */
export function readConfig(files: readonly ConfigFile[]): ConfigReading {
  const problems: ConfigProblem[] = [];
  const found = new Map<string, FoundValue>();
  const places = new Map<string, Place>();
  for (const { path, text } of files) {
    const ini = parseIniText(path, text);
    problems.push(...ini.problems);
    for (const [name, section] of ini.sections) {
      problems.push(...collectSection(path, name, section, found));
      const list = listNameOf(name);
      if (list === undefined || places.has(list)) continue;
      places.set(list, { file: path, line: section.line });
    }
  }
  const values: Record<SectionName, Record<string, unknown>> = {
    general: {},
    monitor: {},
    publisher: {},
    subscriber: {},
  };
  for (const listed of listOptions()) {
    values[listed.section][listed.key] = readValue(listed, found, problems);
  }
  const lists = [...places].map(([name, place], index): ListSection => {
    const values = Object.fromEntries(
      optionsOfList(name).map((listed) => [
        listed.key,
        readValue(listed, found, problems),
      ]),
    );
    if (index === MAX_LISTS) {
      const key = `[${LIST_SECTION}${name}]`;
      problems.push({ ...place, key, expected: `at most ${MAX_LISTS} lists` });
    }
    return { name, ...place, values: values as ListSection["values"] };
  });
  // Every key was read with the kind that determines its type.
  return { values: values as OptionValues, lists, found, problems };
}

function readValue(
  { section, key, option }: ListedOption<string>,
  found: ReadonlyMap<string, FoundValue>,
  problems: ConfigProblem[],
): unknown {
  const written = found.get(`${section}.${key}`);
  const value = written && option.kind.read(written.text);
  if (written && value === undefined) {
    problems.push(valueProblem(`${section}.${key}`, written, option));
  }
  return value ?? defaultValue(option);
}

/** The name of the list in a section; `undefined`: the section is no list. */
function listNameOf(section: string): string | undefined {
  return section.startsWith(LIST_SECTION)
    ? parseListName(section.slice(LIST_SECTION.length))
    : undefined;
}

/**
 * The place to report with a problem of an option: where it is set, otherwise
 * the first file.
 *
 * @param files The files.
 * @param reading Their content.
 * @param key `section.key`.
 */
export function locationOf(
  files: readonly ConfigFile[],
  reading: ConfigReading,
  key: string,
): { readonly file: string; readonly line?: number; readonly key: string } {
  const written = reading.found.get(key);
  return written === undefined
    ? { file: files[0]?.path ?? "(defaults)", key }
    : { file: written.file, line: written.line, key };
}

/** The default value; `undefined`: there is none. */
function defaultValue(option: Option<unknown>): unknown {
  return option.default === undefined
    ? undefined
    : option.kind.read(option.default);
}

/** Adds a section's values to `found`. @returns Problems with unknown names. */
function collectSection(
  file: string,
  name: string,
  section: IniSection,
  found: Map<string, FoundValue>,
): ConfigProblem[] {
  const options = optionsOf(name);
  if (options === undefined) {
    const expected = expectedSection(name);
    return [{ file, line: section.line, key: `[${name}]`, expected }];
  }
  const known = Object.keys(options);
  const problems: ConfigProblem[] = [];
  for (const [key, { text, line }] of section.values) {
    if (known.includes(key)) {
      found.set(`${name}.${key}`, { text, file, line });
    } else {
      // The value stays hidden: it may be a secret under a mistyped name.
      const expected = suggest(key, known, `a key of [${name}]`);
      problems.push({ file, line, key: `${name}.${key}`, expected });
    }
  }
  return problems;
}

function suggest(
  word: string,
  known: readonly string[],
  what: string,
): string {
  const nearest = nearestName(word, known);
  return nearest === undefined
    ? `${what}: ${known.join(", ")}`
    : `${what}, perhaps ${nearest}`;
}

function optionsOf(name: string): Record<string, unknown> | undefined {
  if (listNameOf(name) !== undefined) return LIST;
  return isSectionName(name) ? OPTIONS[name] : undefined;
}

/**
 * Suggests a section; in a list's section only the word before the colon is
 * known.
 */
function expectedSection(name: string): string {
  const known = [...Object.keys(OPTIONS), `${LIST_SECTION}NAME`];
  const [kind = "", ...rest] = name.split(":");
  if (`${kind}:` === LIST_SECTION) {
    return "1 to 32 small letters, digits, _ and - after the colon";
  }
  const nearest = nearestName(kind, ["list"]);
  if (rest.length > 0 && nearest !== undefined) {
    return `a known section, perhaps ${LIST_SECTION}${rest.join(":")}`;
  }
  return suggest(name, known, "a known section");
}

function isSectionName(name: string): name is SectionName {
  return Object.hasOwn(OPTIONS, name);
}

function valueProblem(
  key: string,
  { text, file, line }: FoundValue,
  option: Option<unknown>,
): ConfigProblem {
  const expected = option.kind.expected;
  // A line that is indented by mistake is parsed as part of the value above it,
  // and may hold a secret. So at most the first line is shown.
  const names = [key, ...text.match(/[\w.-]+(?=\s*[=:])/g) ?? []];
  if (option.isSecret === true || names.some(isSecretName)) {
    return { file, line, key, expected };
  }
  const shown = text.split("\n", 1).join("").slice(0, MAX_SHOWN_LENGTH);
  const value = shown === text ? text : `${shown}...`;
  const why = option.kind.explain?.(text);
  const whole = why === undefined ? expected : `${expected}: ${why}`;
  return { file, line, key, value, expected: whole };
}
