/**
 * The operator's verb that tests the path of a ban.
 *
 * @module
 */

import type { OperatorOutput } from "../views/operator_output.ts";
import { isFaulty, testedJson, testedLines } from "../views/test_view.ts";
import { banFilterOptions } from "./ban_operands.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import { networkOf } from "./operands.ts";
import { type AskPublisher, askRunning } from "./publisher_questions.ts";

/** An address of nobody: it is in a network for examples (RFC 5737). */
const USUAL_ADDRESS = "192.0.2.1";

/**
 * `test`.
 *
 * @param editor The operator.
 * @throws {RuntimeError} when the publisher can't or won't test.
 */
export async function testCluster(
  command: TypedCommand,
  ask: AskPublisher,
  { by }: Pick<Editor, "by">,
): Promise<OperatorOutput> {
  const { node, at } = banFilterOptions(command, 0);
  const address = at ?? networkOf(USUAL_ADDRESS);
  const firewall = command.options.has("with-firewall");
  const tested = await askRunning(
    ask,
    { kind: "test", by, node, address, firewall },
    "tested",
  );
  const lines = command.options.has("json")
    ? [testedJson(tested)]
    : testedLines(tested);
  return { lines, notes: [], foundFault: isFaulty(tested) };
}
