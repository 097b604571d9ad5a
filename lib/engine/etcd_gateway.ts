/**
 * The port of etcd's JSON gateway.
 *
 * @module
 */

/** An object of JSON, not looked into. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Asks etcd. */
export interface EtcdGateway {
  /**
   * Asks; what is asked may be carried out more than once.
   *
   * @param path Such as `/v3/kv/txn`.
   * @param body What to ask.
   * @param signal Ends it; the promise then rejects with its reason.
   * @param timeoutMs Longest wait for one member's answer, in milliseconds; `undefined`: as long as usual.
   * @returns The answer.
   * @throws {NoLogError} when no member answers, or it is refused.
   */
  ask(
    path: string,
    body: unknown,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<JsonObject>;
  /**
   * Asks for what is told as it happens.
   *
   * @param path Such as `/v3/watch`.
   * @param body What to ask.
   * @param onTold Called when something comes: that it is told, and then each time.
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws {NoLogError} when no member answers, or none tells any more.
   */
  follow(
    path: string,
    body: unknown,
    onTold: () => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Reads what it shows to everybody.
   *
   * @param path Such as `/metrics`.
   * @param signal Ends it; the promise then rejects with its reason.
   * @returns The text; `undefined`: there is nothing.
   * @throws {NoLogError} when no member answers.
   */
  read(path: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Whether a value of JSON has members. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
