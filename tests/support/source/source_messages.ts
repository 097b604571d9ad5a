/**
 * Finds the messages to users in the sources: texts of expected errors, and
 * events that are logged as warnings or worse.
 *
 * @module
 */

/** A text, with `...` for its variable parts. */
export interface SourceMessage {
  readonly text: string;
  /** The hint beside the text, if any; also with `...`. */
  readonly hint: string;
  readonly path: string;
}

/** Classes whose texts users see as `error: ...`. */
const ERRORS =
  /^(?:UsageError|RuntimeError|BusyError|QuarantinedError|NftLateError|StoreInUseError|UnwritablePidFileError|NoLogError|OtherLogError|StoreLeftError)$/;
/** Files whose findings both `doctor` and `check` report. */
const CHECKS = /\/engine_check\.ts$/;
const FINDING = /^(?:fault|warning)$/;
const LOGGED = /^(?:warning|error|critical)$/;
/** A text that consists only of other texts. */
const OF_OTHERS = /^[^a-z]*$/i;
const PROPERTY_OF_FIX = "hint";

/**
 * The messages of one file.
 *
 * @param path Its path.
 * @param source Its text.
 */
export function messagesIn(
  path: string,
  source: string,
): readonly SourceMessage[] {
  const found: SourceMessage[] = [];
  const add = (text: Deno.lint.Node | undefined, hint = "") => {
    for (const each of textsOf(text)) {
      if (!OF_OTHERS.test(each)) found.push({ text: each, hint, path });
    }
  };
  const plugin: Deno.lint.Plugin = {
    name: "messages",
    rules: {
      all: {
        create: () => ({
          NewExpression({ callee, arguments: [text, details] }) {
            if (callee.type !== "Identifier" || !ERRORS.test(callee.name)) {
              return;
            }
            add(text, hintOf(details));
          },
          CallExpression({ callee, arguments: [severity, event, fix] }) {
            const isFinding = CHECKS.test(path) &&
              callee.type === "Identifier" && FINDING.test(callee.name);
            if (isFinding) add(event, textsOf(fix).join(" / "));
            const isRecord = callee.type === "MemberExpression" &&
              callee.property.type === "Identifier" &&
              callee.property.name === "record";
            if (!isRecord || severity?.type !== "Literal") return;
            if (LOGGED.test(`${severity.value}`)) add(event);
          },
          // TroubleLog's event.
          Property({ key, value }) {
            if (key.type === "Identifier" && key.name === "trouble") add(value);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, source);
  return found;
}

/** The possible texts of an expression; empty when only a run would tell. */
function textsOf(node: Deno.lint.Node | undefined): readonly string[] {
  switch (node?.type) {
    case "Literal":
      return [`${node.value}`];
    case "TemplateLiteral":
      return [
        node.quasis.map(({ cooked }) => cooked).join("...")
          .replace(/(?:\.\.\.)+/g, "..."),
      ];
    case "BinaryExpression":
      return textsOf(node.left).flatMap((left) =>
        textsOf(node.right).map((right) => `${left}${right}`)
      );
    case "ConditionalExpression":
      return [...textsOf(node.consequent), ...textsOf(node.alternate)];
    default:
      return [];
  }
}

function hintOf(details: Deno.lint.Node | undefined): string {
  if (details?.type !== "ObjectExpression") return "";
  for (const property of details.properties) {
    if (property.type !== "Property") continue;
    const { key, value } = property;
    if (key.type !== "Identifier" || key.name !== PROPERTY_OF_FIX) continue;
    return textsOf(value).join(" / ");
  }
  return "";
}
