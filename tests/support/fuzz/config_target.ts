/**
 * Configuration files, read for each program.
 *
 * A value has several forms (quotes, comments, case, lines). Checks that a file
 * that is read and written again reads the same, section by section, and that
 * the printed configuration is the effective one, except for masked secrets and
 * for the hosts in URLs of other programs.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import {
  type ConfigFile,
  loadConfig,
  type LoadedConfig,
  renderConfig,
  type Role,
} from "../../../lib/config/config.ts";
import { ConfigError } from "../../../lib/base/errors.ts";
import { parseIniText, quoteIniValue } from "../../../lib/config/ini_text.ts";
import { renderShippedFile } from "../../../lib/config/option_text.ts";
import { ORIGINAL_CONFIG } from "../values/original_config.ts";
import { makeConfig } from "./config_text.ts";
import type { Draw } from "./draw.ts";
import {
  areAlike,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated } from "./mutations.ts";

const ENCODER = new TextEncoder();
const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];
const SYSTEM = { hostname: "web-1" };
/** A masked secret. */
const MASK = "********";
/** A character that texts can contain, but files can't. */
const LONE_SURROGATE = "\ud800";
const STANDS_FOR_SURROGATE = "\ue000";

/** Creates the target with its samples. */
export function configTarget(): FuzzTarget {
  const whole = [renderShippedFile(), ORIGINAL_CONFIG]
    .map((text) => ENCODER.encode(text));
  return { name: "config", make: (draw) => makeInput(draw, whole), check };
}

function makeInput(draw: Draw, whole: readonly Uint8Array[]): FuzzInput {
  const variant = draw.pick(ROLES);
  const file = () => {
    if (draw.oneIn(100)) return draw.bytes(300);
    const text = draw.oneIn(100)
      ? draw.pick(whole)
      : ENCODER.encode(makeConfig(draw, variant));
    return draw.oneIn(2)
      ? text
      : mutated(draw, text, ENCODER.encode(makeConfig(draw, variant)));
  };
  return { variant, frames: draw.oneIn(4) ? [file(), file()] : [file()] };
}

function check({ variant, frames }: FuzzInput): Verdict {
  const role = ROLES.find((role) => role === variant) ?? "monitor";
  const files = frames.map((frame, index) => ({
    path: index === 0 ? "a.conf" : "a.local",
    text: new TextDecoder().decode(frame)
      .replaceAll(STANDS_FOR_SURROGATE, LONE_SURROGATE),
  }));
  for (const { text } of files) checkText(text);
  const loaded = load(role, files);
  if (loaded === undefined) return "rejected";
  const shown = renderConfig(loaded);
  const again = load(role, [{ path: "shown.conf", text: shown }]);
  must(again !== undefined, "a configuration that is shown can be read");
  must(
    areAlike(shownBy(loaded), shownBy(again)),
    "a configuration that is shown shows the same",
  );
  deepStrictEqual(
    ownOf(again.config),
    ownOf(loaded.config),
    "a configuration that is shown is the same",
  );
  return "accepted";
}

function shownBy(loaded: LoadedConfig<Role>): unknown {
  return loaded.sources.map(({ section, key, shown }) => [section, key, shown]);
}

/** The options of one program. */
function ownOf(config: LoadedConfig<Role>["config"]): object {
  const own = { ...config, general: { ...config.general, members: [] } };
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [
      key,
      /token/i.test(key) && value !== undefined ? MASK : value,
    ]),
  );
}

/** Checks that a readable text reads the same when written again. */
function checkText(text: string): void {
  const { sections, problems } = parseIniText("a.conf", text);
  for (const { line, value } of problems) {
    must(line !== undefined && line >= 1, "a problem has a line");
    must(value === undefined, "a problem shows no value");
  }
  const lines: string[] = [];
  const values: unknown[] = [];
  for (const [name, section] of sections) {
    lines.push(`[${name}]`);
    for (const [key, { text }] of section.values) {
      must(/^[a-z][a-z0-9_]*$/.test(key), "a key is in lower case");
      must(/^[^\p{Cs}]*$/u.test(text), "a value is Unicode");
      lines.push(`${key} = ${quoteIniValue(text)}`);
      values.push([name, key, text]);
    }
  }
  const again = parseIniText("again.conf", lines.join("\n"));
  must(again.problems.length === 0, "what is written again has no problem");
  const valuesAgain = [...again.sections].flatMap(([name, section]) =>
    [...section.values].map(([key, { text }]) => [name, key, text])
  );
  must(areAlike(valuesAgain, values), "what is written again says the same");
}

function load(
  role: Role,
  files: readonly ConfigFile[],
): LoadedConfig<Role> | undefined {
  try {
    return loadConfig(role, files, SYSTEM);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    must(error.problems.length > 0, "what is refused has a problem");
    must(
      /^[^\p{Cc}]*$/u.test(error.message.replaceAll(/[\n\t]/g, "")),
      "a problem can be shown",
    );
    return undefined;
  }
}
