/**
 * The page's requests to the publisher.
 *
 * @module
 */

import type {
  AllowAnswer,
  AllowQuestion,
  ServedQuestion,
} from "../lib/page/page_questions.ts";
import type { ShownVisit } from "../lib/page/page_service.ts";
import type { OperatorAnswer } from "../lib/wire/operator_messages.ts";

/** An answer to a question. */
export type Answer = OperatorAnswer | AllowAnswer;
/** An answer of one kind. */
export type AnswerOf<K extends Answer["kind"]> = Extract<Answer, { kind: K }>;
type WithoutUser<Q> = Q extends unknown ? Omit<Q, "by"> : never;
/** A question; the login identifies the user. */
export type Question = WithoutUser<ServedQuestion> | AllowQuestion;

/** A refusal, with a sentence for the user. */
export class Refused extends Error {
  /** HTTP status; 200: the publisher refused; 0: no answer. */
  readonly status: number;

  /** @param message A sentence without its full stop. */
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Sends a question, and returns all lines of the answer. */
export async function ask(question: Question): Promise<readonly Answer[]> {
  const lines = await post("/api/ask", question) as readonly Answer[];
  const failed = lines.find((line) => line.kind === "failed");
  if (failed !== undefined) {
    const { message, hint } = failed;
    throw new Refused(hint === "" ? message : `${message}: ${hint}`, 200);
  }
  return lines;
}

/** Sends a question with a one-line answer. */
export async function askOne<K extends Answer["kind"]>(
  question: Question,
  kind: K,
): Promise<AnswerOf<K>> {
  const lines = await ask(question);
  const found = lines.find((line): line is AnswerOf<K> => line.kind === kind);
  if (found === undefined) throw new Refused("there was no answer", 200);
  return found;
}

/** The current login; `undefined` when there is none. */
export async function currentVisit(): Promise<ShownVisit | undefined> {
  const lines = await linesOf(await reach("/api/visit", {}));
  const [visit] = lines as readonly ShownVisit[];
  return visit;
}

/** Logs in with a code. */
export async function login(code: string): Promise<ShownVisit> {
  const [visit] = await post("/api/login", { code }) as readonly ShownVisit[];
  if (visit === undefined) throw new Refused("there was no answer", 200);
  return visit;
}

/** Ends the login. */
export async function logout(): Promise<void> {
  await post("/api/logout", {});
}

async function post(path: string, value: unknown): Promise<readonly unknown[]> {
  return await linesOf(
    await reach(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(value),
    }),
  );
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, { ...init, cache: "no-store" });
    noteTime(response.headers.get("date"));
    return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refused("the publisher can't be reached", 0);
  }
}

/** Difference that counts as none: the publisher sends whole seconds. */
const CLOCK_TOLERANCE_MS = 2_000;
let aheadMs = 0;

/** The time by the publisher's clock, in milliseconds since 1970. */
export function nowMs(): number {
  return Date.now() + aheadMs;
}

function noteTime(date: string | null): void {
  const differenceMs = Date.parse(date ?? "") - Date.now();
  if (Number.isNaN(differenceMs)) return;
  aheadMs = Math.abs(differenceMs) < CLOCK_TOLERANCE_MS ? 0 : differenceMs;
}

async function linesOf(response: Response): Promise<readonly unknown[]> {
  const text = await response.text();
  if (!response.ok) throw new Refused(text.trim(), response.status);
  return text.split("\n").filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
