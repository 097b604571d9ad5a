/**
 * Observes this host as a publisher's.
 *
 * @module
 */

import { ExpectedError, RuntimeError } from "../../lib/base/errors.ts";
import {
  askOnce,
  type AskPublisher,
} from "../../lib/cli/publisher_questions.ts";
import { commandSocketPath } from "../../lib/cli/command_socket.ts";
import type { PublisherConfig } from "../../lib/config/config.ts";
import type { PublisherFacts } from "../../lib/diagnosis/publisher_check.ts";
import type { ProgramRun } from "../../lib/diagnosis/program_check.ts";
import { findPortTroubles, lookAtEngine } from "./host_check.ts";
import { askPublisher } from "./operator_socket.ts";
import { identityFile, memberListFile } from "./member_files.ts";
import { checkTokens } from "./publisher_tokens.ts";

/**
 * Observes the publisher.
 *
 * @param config The publisher's configuration.
 * @param run The state of its program.
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
    engine: await lookAtEngine(config),
    tokens: await tokensTrouble(config),
  };
}

/** Damaged files are reported with the state folder. */
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
  const ask: AskPublisher = (request, signal) =>
    askPublisher(socket, request, signal);
  const nodes = await readable(askOnce(ask, { kind: "nodes" }, "nodes"));
  return {
    figures,
    ...await readable(storeOf(ask)) ?? UNTOLD,
    nodes: nodes?.nodes ?? [],
  };
}

const UNTOLD = { storeTrouble: undefined, backupAgoMs: undefined };

/** The store's state; an error of the store is reported as its trouble. */
async function storeOf(ask: AskPublisher) {
  for await (const answer of ask({ kind: "status" })) {
    if (answer.kind === "failed") {
      return { ...UNTOLD, storeTrouble: answer.message };
    }
    if (answer.kind !== "status") break;
    const { storeTrouble, backupAgoMs } = answer;
    return { storeTrouble, backupAgoMs };
  }
  return UNTOLD;
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
