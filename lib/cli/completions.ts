/**
 * Shell completions, generated from the tables of verbs and options.
 *
 * @see {@link https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html | bash}
 * @see {@link https://zsh.sourceforge.io/Doc/Release/Completion-System.html | zsh}
 * @see {@link https://fishshell.com/docs/current/completions.html | fish}
 * @module
 */

import {
  type ProgramUsage,
  programUsages,
  type UsedOption,
  type UsedVerb,
} from "./program_usage.ts";

const MADE =
  "Made of the tables of verbs and options by tools/render_options.ts.";

/** All completion files, by path below `share/`. */
export function completions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    programUsages().flatMap((program) => [
      [`bash-completion/completions/${program.name}`, bashOf(program)],
      [`zsh/site-functions/_${program.name}`, zshOf(program)],
      [`fish/vendor_completions.d/${program.name}.fish`, fishOf(program)],
    ]),
  );
}

/** Words that only begin a verb, such as `node`. */
function firstWords({ verbs }: ProgramUsage): readonly string[] {
  const pairs = verbs.filter(({ words }) => words.includes(" "));
  return [...new Set(pairs.map(({ words }) => words.split(" ")[0] ?? ""))];
}

/** The valid first words. */
function topWords({ verbs }: ProgramUsage): readonly string[] {
  return [...new Set(verbs.map(({ words }) => words.split(" ")[0] ?? ""))];
}

/** The verbs that begin with a first word. */
function nextWords(
  { verbs }: ProgramUsage,
  first: string,
): readonly UsedVerb[] {
  return verbs.filter(({ words }) => words.startsWith(`${first} `));
}

function optionsOf(program: ProgramUsage, verb: UsedVerb) {
  return [...verb.options, ...program.common];
}

function bashOf(program: ProgramUsage): string {
  const name = `_${program.name.replaceAll("-", "_")}`;
  const all = [
    ...program.common,
    ...program.verbs.flatMap((verb) => verb.options),
  ];
  const taking = (isFile: boolean) =>
    spellings(
      all.filter(({ value }) =>
        value !== undefined && isPath(value) === isFile
      ),
    ).join("|");
  const lists = (entries: readonly (readonly [string, readonly string[]])[]) =>
    entries.map(([key, words]) =>
      `    "${key}") words="${words.join(" ")}" ;;`
    );
  const pairs = firstWords(program);
  const values = taking(false);
  return [
    `# bash completion for ${program.name}. ${MADE}`,
    `${name}() {`,
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}",
    '  local i word verb="" words="" takes_value=""',
    "  COMPREPLY=()",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    "    word=${COMP_WORDS[i]}",
    '    if [[ -n $takes_value ]]; then takes_value=""; continue; fi',
    "    case $word in",
    `      ${
      [taking(true), values].filter(Boolean).join("|")
    }) takes_value=yes ;;`,
    "      -*) ;;",
    "      *)",
    `        if [[ -z $verb ]]; then verb=$word`,
    ...(pairs.length === 0 ? [] : [
      `        elif [[ $verb =~ ^(${
        pairs.join("|")
      })$ ]]; then verb="$verb $word"`,
    ]),
    "        fi",
    "        ;;",
    "    esac",
    "  done",
    ...bashChoices(program),
    "  case $prev in",
    `    ${
      taking(true)
    }) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;`,
    ...(values === "" ? [] : [`    ${values}) return ;;`]),
    "  esac",
    ...bashOperands(program),
    '  case "$verb" in',
    `    "") words="${topWords(program).join(" ")}" ;;`,
    ...lists(pairs.map((first) =>
      [
        first,
        nextWords(program, first).map(({ words }) => words.split(" ")[1] ?? ""),
      ] as const
    )),
    "  esac",
    "  if [[ $cur == -* ]]; then",
    '    case "$verb" in',
    ...lists(
      program.verbs.map((verb) =>
        [verb.words, longs(optionsOf(program, verb))] as const
      ),
    ).map((line) => `  ${line}`),
    `      *) words="${longs(program.common).join(" ")}" ;;`,
    "    esac",
    "  fi",
    '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")',
    "}",
    `complete -F ${name} ${program.name}`,
    "",
  ].join("\n");
}

/** Completes values of options that can be listed; they depend on the verb. */
function bashChoices(program: ProgramUsage): readonly string[] {
  const lines = program.verbs.flatMap(({ words, options }) =>
    options.filter(({ choices }) => choices.length > 0).map((
      { name, choices },
    ) =>
      `    "${words} --${name}") mapfile -t COMPREPLY < <(compgen -W "${
        choices.join(" ")
      }" -- "$cur"); return ;;`
    )
  );
  return lines.length === 0
    ? []
    : ['  case "$verb $prev" in', ...lines, "  esac"];
}

/** Completes files after verbs that take one. */
function bashOperands(program: ProgramUsage): readonly string[] {
  const verbs = program.verbs.filter(({ operands }) => isPath(operands));
  if (verbs.length === 0) return [];
  const names = verbs.map(({ words }) => `"${words}"`).join("|");
  return [
    '  case "$verb" in',
    `    ${names}) if [[ $cur != -* ]]; then mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; fi ;;`,
    "  esac",
  ];
}

function zshOf(program: ProgramUsage): string {
  const describe = (verbs: readonly (readonly [string, string])[]) =>
    verbs.map(([word, about]) =>
      `    ${zshQuoted(`${word}:${zshColons(about)}`)}`
    );
  const pairs = firstWords(program);
  const tops = topWords(program).map((word) => {
    const whole = program.verbs.find(({ words }) => words === word);
    const next = nextWords(program, word).map(({ words }) =>
      words.split(" ")[1]
    );
    return [word, whole?.about ?? next.join(", ")] as const;
  });
  return [
    `#compdef ${program.name}`,
    `# ${MADE}`,
    "",
    'local verb="" offset=2',
    "local -a verbs",
    "if (( CURRENT == 2 )); then",
    "  verbs=(",
    ...describe(tops),
    "  )",
    "  _describe -t verbs verb verbs",
    "  return",
    "fi",
    "verb=$words[2]",
    ...pairs.flatMap((first) => [
      `if [[ $verb == ${first} ]]; then`,
      "  if (( CURRENT == 3 )); then",
      "    verbs=(",
      ...describe(
        nextWords(program, first).map(({ words, about }) =>
          [words.split(" ")[1] ?? "", about] as const
        ),
      ).map((line) => `  ${line}`),
      "    )",
      "    _describe -t verbs verb verbs",
      "    return",
      "  fi",
      '  verb="$verb $words[3]"',
      "  offset=3",
      "fi",
    ]),
    "shift $((offset - 1)) words",
    "(( CURRENT -= offset - 1 ))",
    "case $verb in",
    ...program.verbs.flatMap((verb) => [
      `  ${zshQuoted(verb.words)})`,
      "    _arguments \\",
      ...optionsOf(program, verb).map((option) =>
        `      ${zshQuoted(zshOption(option))} \\`
      ),
      `      ${
        zshQuoted(
          `*:${zshColons(verb.operands) || " "}:${
            isPath(verb.operands) ? "_files" : ""
          }`,
        )
      }`,
      "    ;;",
    ]),
    "esac",
    "",
  ].join("\n");
}

function fishOf(program: ProgramUsage): string {
  const { name } = program;
  const line = (...words: readonly string[]) =>
    `complete -c ${name} ${words.join(" ")}`;
  const about = (text: string) => `-d ${fishQuoted(text)}`;
  const pairs = firstWords(program);
  const seen = (verb: UsedVerb) =>
    verb.words.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`)
      .join("; and ");
  const optionOf = (option: UsedOption) => [
    ...(option.short === undefined ? [] : ["-s", option.short]),
    ...["-l", option.name],
    ...(option.value === undefined
      ? []
      : [isPath(option.value) ? "-rF" : "-x"]),
    ...(option.choices.length === 0
      ? []
      : ["-a", fishQuoted(option.choices.join(" "))]),
    about(option.help),
  ];
  return [
    `# ${MADE}`,
    line("-f"),
    ...topWords(program).map((word) => {
      const whole = program.verbs.find(({ words }) => words === word);
      return line(
        ...["-n", "__fish_use_subcommand", "-a", word],
        ...(whole === undefined ? [] : [about(whole.about)]),
      );
    }),
    ...pairs.flatMap((first) => {
      const next = nextWords(program, first);
      const words = next.map((verb) => verb.words.split(" ")[1] ?? "");
      const isOpen =
        `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${
          words.join(" ")
        }`;
      return next.map((verb, at) =>
        line("-n", fishQuoted(isOpen), "-a", words[at] ?? "", about(verb.about))
      );
    }),
    ...program.verbs.filter(({ operands }) => isPath(operands)).map((verb) =>
      line("-n", fishQuoted(seen(verb)), "-F")
    ),
    ...program.verbs.flatMap((verb) =>
      verb.options.map((option) =>
        line("-n", fishQuoted(seen(verb)), ...optionOf(option))
      )
    ),
    ...program.common.map((option) => line(...optionOf(option))),
    "",
  ].join("\n");
}

function spellings(options: readonly UsedOption[]): readonly string[] {
  return [
    ...new Set(
      options.flatMap(({ name, short }) => [
        `--${name}`,
        ...(short === undefined ? [] : [`-${short}`]),
      ]),
    ),
  ];
}

function longs(options: readonly UsedOption[]): readonly string[] {
  return options.map(({ name }) => `--${name}`);
}

/** Whether a placeholder stands for a path. */
function isPath(placeholder: string): boolean {
  return /FILE|DIR/.test(placeholder);
}

function zshOption({ name, value, choices, help }: UsedOption): string {
  const text = help.replaceAll("[", "(").replaceAll("]", ")");
  const listed = choices.length === 0 ? "" : `(${choices.join(" ")})`;
  const action = value === undefined
    ? ""
    : `:${value}:${isPath(value) ? "_files" : listed}`;
  return `--${name}[${zshColons(text)}]${action}`;
}

/** Escapes colons, which separate fields in zsh's specifications. */
function zshColons(text: string): string {
  return text.replaceAll(":", "\\:");
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
