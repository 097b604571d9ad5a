/**
 * Lint rules of the project: which room may import what, and what the pure
 * core may not touch. ARCHITECTURE.md has the table in words.
 *
 * @module
 */

/** A room of the tree and what its files may import. */
interface Room {
  /** Files of the room, as paths from the project's folder. */
  readonly files: RegExp;
  /** Specifiers that may be imported. */
  readonly mayImport: readonly RegExp[];
  /** Said when something else is imported. */
  readonly rule: string;
  /** Whether the outside world is out of reach. */
  readonly pure: boolean;
}

const ROOMS: readonly Room[] = [
  {
    files: /(?:^|\/)lib\/[^/]+\.ts$/,
    mayImport: [
      /^\.\/[^/]+\.ts$/,
      /^ipaddr\.js$/,
      /^@std\/(?:cli|ini)(?:\/|$)/,
    ],
    rule: "lib/ imports lib/*.ts, ipaddr.js, @std/cli and @std/ini only",
    pure: true,
  },
  {
    files: /(?:^|\/)lib\/io\/[^/]+\.ts$/,
    mayImport: [/^\.\.\/[^/]+\.ts$/, /^[^./]/],
    rule:
      "an adapter imports the core and one outside library, never another adapter",
    pure: false,
  },
  {
    files: /(?:^|\/)(?<!tests\/)roles\/[^/]+\.ts$/,
    mayImport: [/^\.\.\/lib\//, /^\.\/program\//, /^\.\.\/deno\.json$/],
    rule: "a role imports lib/, lib/io/ and roles/program/, never another role",
    pure: false,
  },
  {
    files: /(?:^|\/)roles\/program\/[^/]+\.ts$/,
    mayImport: [/^\.\/[^/]+\.ts$/, /^\.\.\/\.\.\/lib\//],
    rule: "roles/program/ imports itself, lib/ and lib/io/ only",
    pure: false,
  },
  {
    files: /(?:^|\/)mod\.ts$/,
    mayImport: [/^\.\/lib\/[^/]+\.ts$/],
    rule: "mod.ts re-exports the pure core only",
    pure: false,
  },
  {
    files: /(?:^|\/)tests\/[^/]+_test\.ts$/,
    mayImport: [
      /^\.\.\/lib\/[^/]+\.ts$/,
      /^\.\/support\//,
      /^\.\/vectors\/[^/]+\.json$/,
      /^node:assert\/strict$/,
      /^fast-check$/,
      /^@std\/testing\//,
    ],
    rule:
      "a test of the core imports the core, tests/support/ and tests/vectors/ only",
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

/** The room a file is in. `std/`'s own folders are none of ours. */
function roomOf(filename: string): Room | undefined {
  const path = filename.replaceAll("\\", "/");
  if (/\/std\/[^/]+\/[^/]+\.ts$/.test(path)) return undefined;
  return ROOMS.find((room) => room.files.test(path));
}

const layering: Deno.lint.Rule = {
  create(context) {
    const room = roomOf(context.filename);
    if (room === undefined) return {};
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      if (source?.type !== "Literal" || typeof source.value !== "string") {
        return;
      }
      const specifier = source.value;
      if (room.mayImport.some((allowed) => allowed.test(specifier))) return;
      context.report({
        node,
        message: `Cannot import "${specifier}"`,
        hint: room.rule,
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
    if (!roomOf(context.filename)?.pure) return {};
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
    if (roomOf(context.filename) === undefined) return {};
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

// The one default export: `deno lint` asks its plugins for it.
export default plugin;
