/**
 * Lint rules of the project: the allowed imports of each room, and the purity
 * of the core. `rooms.ts` has the table.
 *
 * @module
 */

import { type Room, ROOMS } from "./rooms.ts";

/** Files with a common rule. */
interface Area {
  /** The files, as paths from the project's folder. */
  readonly files: RegExp;
  /** Specifiers that may be imported. */
  readonly mayImport: readonly RegExp[];
  /** The message for a forbidden import. */
  readonly rule: string;
  /** Whether access to the outside world is forbidden. */
  readonly pure: boolean;
}

/** Libraries that the core of a room may import; an adapter may import any. */
const LIBRARIES: Readonly<Record<string, readonly RegExp[]>> = {
  base: [/^ipaddr\.js$/],
  cli: [/^@std\/cli(?:\/|$)/],
  config: [/^@std\/ini(?:\/|$)/],
  protection: [/^ipaddr\.js$/],
};

function areasOf({ name, mayImport }: Room): readonly Area[] {
  const rooms = mayImport.join("|");
  const others = (up: string) =>
    rooms === "" ? [] : [new RegExp(`^${up}(?:${rooms})/[^/]+\\.ts$`)];
  const list = mayImport.join(", ") || "no other room";
  return [
    {
      files: new RegExp(`(?:^|/)(?<!tests/)lib/${name}/[^/]+\\.ts$`),
      mayImport: [
        /^\.\/[^/]+\.ts$/,
        ...others("\\.\\./"),
        ...LIBRARIES[name] ?? [],
      ],
      rule: `lib/${name}/ imports itself and ${list}, and no adapter`,
      pure: true,
    },
    {
      files: new RegExp(`(?:^|/)lib/${name}/io/[^/]+\\.ts$`),
      mayImport: [/^\.\.\/[^/]+\.ts$/, ...others("\\.\\./\\.\\./"), /^[^./]/],
      rule:
        `an adapter imports its room, ${list} and outside libraries, never another adapter`,
      pure: false,
    },
  ];
}

const CORE_TESTS = ROOMS.map(({ name }) => name).join("|");

const AREAS: readonly Area[] = [
  ...ROOMS.flatMap(areasOf),
  {
    files: /(?:^|\/)lib\//,
    mayImport: [],
    rule:
      "a file of lib/ is in a room that tools/rooms.ts lists, or in its io/",
    pure: true,
  },
  {
    files: /(?:^|\/)(?<!tests\/)roles\/node\.ts$/,
    mayImport: [
      /^\.\.\/lib\//,
      /^\.\/program\//,
      /^\.\/(?:monitor|subscriber)\.ts$/,
      /^\.\.\/deno\.json$/,
    ],
    rule: "a node is a monitor and a subscriber, and no other role",
    pure: false,
  },
  {
    files: /(?:^|\/)(?<!tests\/)roles\/[^/]+\.ts$/,
    mayImport: [/^\.\.\/lib\//, /^\.\/program\//, /^\.\.\/deno\.json$/],
    rule: "a role imports lib/ and roles/program/, never another role",
    pure: false,
  },
  {
    files: /(?:^|\/)roles\/program\/[^/]+\.ts$/,
    mayImport: [/^\.\/[^/]+\.(?:ts|json)$/, /^\.\.\/\.\.\/lib\//],
    rule: "roles/program/ imports itself and lib/ only",
    pure: false,
  },
  {
    files: /(?:^|\/)roles\/executable\/[^/]+\.ts$/,
    mayImport: [
      /^\.\/[^/]+\.ts$/,
      /^\.\.\/[^/]+\.ts$/,
      /^\.\.\/\.\.\/deno\.json$/,
      /^node:process$/,
    ],
    rule: "roles/executable/ imports itself and the roles only",
    pure: false,
  },
  {
    files: /(?:^|\/)mod\.ts$/,
    mayImport: [/^\.\/lib\/[^/]+\/[^/]+\.ts$/],
    rule: "mod.ts re-exports the pure core only",
    pure: false,
  },
  {
    files: new RegExp(
      `(?:^|/)tests/(?:${CORE_TESTS}|cluster|fuzz)/[^/]+_test\\.ts$`,
    ),
    mayImport: [
      /^\.\.\/\.\.\/lib\/[^/]+\/[^/]+\.ts$/,
      /^\.\.\/support\//,
      /^\.\.\/vectors\/[^/]+\.json$/,
      /^\.\.\/\.\.\/docs\/schemas\/[^/]+\.json$/,
      /^node:assert\/strict$/,
      /^fast-check$/,
      /^@std\/testing\//,
    ],
    rule:
      "a test of the core imports the core, tests/support/, tests/vectors/ and schemas of docs/ only",
    pure: false,
  },
];

const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  "Deno",
  "fetch",
  "performance",
  "process",
  "setInterval",
  "setTimeout",
]);

const IMPURE_MEMBERS: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "crypto.getRandomValues",
  "crypto.randomUUID",
]);

/** The area of a file. The folders of `std/` have no rules. */
function areaOf(filename: string): Area | undefined {
  const path = filename.replaceAll("\\", "/");
  if (/\/std\/[^/]+\/[^/]+\.ts$/.test(path)) return undefined;
  return AREAS.find((area) => area.files.test(path));
}

const layering: Deno.lint.Rule = {
  create(context) {
    const area = areaOf(context.filename);
    if (area === undefined) return {};
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      if (source?.type !== "Literal" || typeof source.value !== "string") {
        return;
      }
      const specifier = source.value;
      if (area.mayImport.some((allowed) => allowed.test(specifier))) return;
      context.report({
        node,
        message: `Cannot import "${specifier}"`,
        hint: area.rule,
      });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
    };
  },
};

const purity: Deno.lint.Rule = {
  create(context) {
    if (!areaOf(context.filename)?.pure) return {};
    const report = (node: Deno.lint.Node, name: string) =>
      context.report({
        node,
        message: `Cannot use ${name} in the core`,
        hint: "take time, chance and the outside world as arguments or ports",
      });
    return {
      CallExpression(node) {
        if (
          node.callee.type === "Identifier" &&
          IMPURE_GLOBALS.has(node.callee.name)
        ) {
          report(node, node.callee.name);
        }
      },
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const owner = node.object.name;
        const member = node.property.type === "Identifier"
          ? node.property.name
          : "";
        if (IMPURE_GLOBALS.has(owner)) report(node, owner);
        if (IMPURE_MEMBERS.has(`${owner}.${member}`)) {
          report(node, `${owner}.${member}`);
        }
      },
    };
  },
};

const noAbortSignalAny: Deno.lint.Rule = {
  create(context) {
    if (areaOf(context.filename) === undefined) return {};
    return {
      'MemberExpression[object.name="AbortSignal"][property.name="any"]': (
        node: Deno.lint.Node,
      ) =>
        context.report({
          node,
          message: "Cannot use AbortSignal.any",
          hint: "up to Deno 2.6 who waits for it may never hear: EitherSignal",
        }),
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "cluster",
  rules: {
    layering,
    purity,
    "no-abort-signal-any": noAbortSignalAny,
    "no-default-export": {
      create(context) {
        if (context.filename.endsWith("lint_plugin.ts")) return {};
        return {
          ExportDefaultDeclaration: (node) =>
            context.report({
              node,
              message: "Cannot export by default",
              hint: "name it",
            }),
        };
      },
    },
  },
};

// The only default export: `deno lint` requires it of a plugin.
export default plugin;
