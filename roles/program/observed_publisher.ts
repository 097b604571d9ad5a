/**
 * How this host is as the publisher's.
 *
 * @module
 */

import { ExpectedError, RuntimeError } from "../../lib/base/errors.ts";
import { askOnce } from "../../lib/cli/publisher_questions.ts";
import { commandSocketPath } from "../../lib/cli/command_socket.ts";
import type { PublisherConfig } from "../../lib/config/config.ts";
import type { PublisherFacts } from "../../lib/diagnosis/publisher_check.ts";
import type { ProgramRun } from "../../lib/diagnosis/program_check.ts";
import { findPortTroubles } from "./host_check.ts";
import { askPublisher } from "./operator_socket.ts";
import { identityFile, memberListFile } from "./member_files.ts";
import { checkTokens } from "./publisher_tokens.ts";

/**
 * Looks at it.
 *
 * @param config Of the publisher.
 * @param run How it is.
 */
export async function observePublisher(
  config: PublisherConfig,
  run: ProgramRun,
): Promise<PublisherFacts> {
  const { general: { stateDir } } = config;
  const isDown = run.kind === "stopped" || run.kind === "stale";
  const identity = await readable(identityFile(stateDir).read());
  const list = await readable(memberListFile(stateDir).read());
  return {
    hasKeys: identity !== undefined,
    members: list?.members.length ?? 0,
    ports: isDown ? findPortTroubles(config) : [],
    live: run.kind === "running" ? await liveOf(config, run) : undefined,
    tokens: await tokensTrouble(config),
  };
}

/** What is damaged is told of with the state. */
async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

async function liveOf(
  { pidFile }: PublisherConfig,
  { report: { figures } }: Extract<ProgramRun, { readonly kind: "running" }>,
): Promise<PublisherFacts["live"]> {
  const socket = commandSocketPath(pidFile);
  const status = await readable(askOnce(
    (request, signal) => askPublisher(socket, request, signal),
    { kind: "status" },
    "status",
  ));
  const nodes = await readable(askOnce(
    (request, signal) => askPublisher(socket, request, signal),
    { kind: "nodes" },
    "nodes",
  ));
  return {
    figures,
    storeTrouble: status?.storeTrouble ?? "",
    nodes: nodes?.nodes ?? [],
    backupAgoMs: status?.backupAgoMs,
  };
}

async function tokensTrouble(
  config: PublisherConfig,
): Promise<PublisherFacts["tokens"]> {
  try {
    await checkTokens(config);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { reason: error.message, hint: error.hint };
  }
}
