/**
 * Connects to the engine that several publishers share.
 *
 * @module
 */

import type { EngineConfig } from "../../lib/config/engine_config.ts";
import type { Clock } from "../../lib/async/clock.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { EtcdClient, type EtcdUser } from "../../lib/engine/io/etcd_client.ts";
import { EtcdValues } from "../../lib/engine/etcd_values.ts";
import { SharedMembers } from "../../lib/engine/shared_members.ts";
import type { GivenEngine } from "../../lib/members/publisher_code.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import { memberListFile } from "./member_files.ts";

/** The login that `publisher join` stored; `enginelogin` names another file. */
export function loginFile(stateDir: string): SecretFile<string> {
  return textFile(`${stateDir}/members/engine.login`, "the login of etcd");
}

/**
 * The authority of etcd's certificates that `publisher join` stored; `engineca`
 * names another file.
 */
export function authorityFile(stateDir: string): SecretFile<string> {
  return textFile(`${stateDir}/members/engine.pem`, "the authority of etcd");
}

function textFile(path: string, what: string): SecretFile<string> {
  return new SecretFile<string>(path, {
    what,
    encode: (text) => text,
    decode: (text) => text,
  });
}

/**
 * Creates a client, without a request yet.
 *
 * @param stateDir Where `publisher join` stored a login and an authority.
 * @param hide Receives the secrets that no log may show.
 * @throws {RuntimeError} when the login or the authority can't be read.
 */
export async function openEngine(
  engine: EngineConfig,
  stateDir: string,
  clock: Clock = new SystemClock(),
  hide: (secrets: readonly string[]) => void = () => {},
): Promise<EtcdClient> {
  const user = await readLogin(engine, stateDir);
  if (user !== undefined) hide([user.password]);
  const authority = await readAuthority(engine, stateDir);
  return new EtcdClient({ urls: engine.urls, authority, user, clock });
}

/**
 * What another publisher needs to connect.
 *
 * @throws {RuntimeError} when the login or the authority can't be read.
 */
export async function givenEngine(
  engine: EngineConfig,
  stateDir: string,
): Promise<GivenEngine> {
  const user = await readLogin(engine, stateDir);
  return {
    urls: engine.urls,
    prefix: engine.prefix,
    authority: await readAuthority(engine, stateDir) ?? null,
    login: user === undefined ? null : `${user.name}:${user.password}\n`,
  };
}

/** The member list that all publishers share. */
export function sharedMembers(
  client: EtcdClient,
  { prefix }: EngineConfig,
  stateDir: string,
  clock: Clock = new SystemClock(),
): SharedMembers {
  return new SharedMembers({
    values: new EtcdValues(client, prefix),
    copy: memberListFile(stateDir),
    clock,
  });
}

async function readLogin(
  { loginPath }: EngineConfig,
  stateDir: string,
): Promise<EtcdUser | undefined> {
  const file = loginPath === undefined
    ? loginFile(stateDir)
    : textFile(loginPath, "the login of etcd");
  const text = await file.read();
  if (text === undefined && loginPath === undefined) return undefined;
  const [, name, password] = /^([^:\s]+):(\S+)\s*$/.exec(text ?? "") ?? [];
  if (name === undefined || password === undefined) {
    const path = loginPath ?? `${stateDir}/members/engine.login`;
    throw new RuntimeError(`${path} has no login of etcd`, {
      hint: "publisher.enginelogin names a file with USER:PASSWORD on one line",
    });
  }
  return { name, password };
}

async function readAuthority(
  { authorityPath }: EngineConfig,
  stateDir: string,
): Promise<string | undefined> {
  if (authorityPath === undefined) return await authorityFile(stateDir).read();
  try {
    return await Deno.readTextFile(authorityPath);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`${authorityPath} can't be read: ${error.message}`, {
      hint: "publisher.engineca names it",
    });
  }
}
