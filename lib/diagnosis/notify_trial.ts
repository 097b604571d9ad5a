/**
 * Tests this host's notifications: heartbeats and the webhook.
 *
 * @module
 */

import { ExpectedError, RuntimeError } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import type { HttpTarget } from "../http/http_target.ts";
import type { HttpAsker } from "../notify/ports.ts";
import { webhookMessage } from "../notify/webhook_message.ts";
import { type OperatorOutput, tableLines } from "../views/operator_output.ts";

/** Options for {@link testNotifications}. */
export interface NotifyTestOptions {
  readonly version: string;
  /** The first configuration file that was read. */
  readonly configPath: string;
  readonly nowMs: number;
  readonly asker: HttpAsker;
}

/** The receivers of this host's notifications. */
export interface ToldPlaces {
  readonly hostName: HostName | undefined;
  /** By program. */
  readonly heartbeats: Readonly<Record<string, HttpTarget | undefined>>;
  readonly webhook: { readonly target: HttpTarget } | undefined;
}

interface Trial {
  readonly what: string;
  readonly target: HttpTarget;
  /** The message; absent for a heartbeat. */
  readonly json?: string;
}

/** Timeout for an answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * `notify test`: requests each heartbeat URL, and sends one message.
 *
 * @param config This host's receivers.
 * @throws {RuntimeError} when there are none.
 */
export async function testNotifications(
  config: ToldPlaces,
  options: NotifyTestOptions,
): Promise<OperatorOutput> {
  const trials = trialsOf(config, options);
  if (trials.length === 0) {
    const { configPath } = options;
    throw new RuntimeError("neither heartbeaturl nor webhookurl is set", {
      hint:
        `in ${configPath}, or the .local file beside it, webhookurl stands in [general], heartbeaturl in the section of each program`,
    });
  }
  const results = await Promise.all(
    trials.map((trial) => triedOnce(trial, options.asker)),
  );
  const rows = results.map(({ trial, error }) => [
    error === undefined ? "ok" : "FAIL",
    trial.what,
    error === undefined ? `${trial.target.shown} took it` : error.message,
  ]);
  const notes = results.flatMap(({ trial, error }) =>
    error?.hint === undefined ? [] : [`${trial.what}: ${error.hint}`]
  );
  const foundFault = results.some(({ error }) => error !== undefined);
  return { lines: tableLines(rows), notes, foundFault };
}

function trialsOf(
  { heartbeats, webhook, hostName }: ToldPlaces,
  { version, nowMs }: NotifyTestOptions,
): readonly Trial[] {
  const beats = Object.entries(heartbeats).flatMap(([role, target]) =>
    target === undefined ? [] : [{ what: `${role}.heartbeaturl`, target }]
  );
  if (webhook === undefined) return beats;
  const node = hostName ?? "";
  const program = "fail2ban-cluster";
  const words = "fail2ban-cluster notify test: it works";
  const json = webhookMessage([{ event: "test", words, atMs: nowMs }], {
    teller: { node, program, version },
    ...{ id: `${nowMs}-1`, lost: 0 },
  });
  const { target } = webhook;
  return [...beats, { what: "general.webhookurl", target, json }];
}

async function triedOnce(trial: Trial, asker: HttpAsker) {
  const { what: _what, ...question } = trial;
  try {
    // It ends by itself, at the timeout.
    const { signal } = new AbortController();
    await asker.ask({ ...question, timeoutMs: TIMEOUT_MS }, signal);
    return { trial, error: undefined };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { trial, error };
  }
}
