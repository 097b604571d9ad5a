/**
 * The port of etcd's JSON gateway.
 *
 * @module
 */

/** A JSON object with unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Sends requests to etcd. */
export interface EtcdGateway {
  /**
   * Sends a request, which may be carried out more than once.
   *
   * @param path As in `/v3/kv/txn`.
   * @param body The request.
   * @param signal Aborts it; the promise then rejects with its reason.
   * @param timeoutMs Longest wait for one member's answer, in milliseconds;
   * `undefined`: the default.
   * @returns The answer.
   * @throws {NoLogError} when no member answers, or the request is refused.
   */
  ask(
    path: string,
    body: unknown,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<JsonObject>;
  /**
   * Sends a request whose answer goes on, such as a watch.
   *
   * @param path Such as `/v3/watch`.
   * @param body What to ask.
   * @param onTold Called with each part of the answer; the first one only confirms the request.
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws {NoLogError} when no member answers, or the last answer ends.
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

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
