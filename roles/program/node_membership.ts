/**
 * What a node has joined the cluster with.
 *
 * @module
 */

import type { GeneralConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { sameHost } from "../../lib/base/host_name.ts";
import {
  membershipPath,
  type SecretFile,
} from "../../lib/members/io/secret_file.ts";
import type { Membership } from "../../lib/members/member.ts";
import type { ClientSecurity } from "../../lib/zmq/socket_options.ts";
import { membershipFile } from "./member_files.ts";
import type { RoleContext } from "./invocation.ts";

/** What a membership needs of its role. */
export type MembershipContext =
  & Pick<RoleContext<"monitor">, "log" | "onReload">
  & { readonly config: { readonly general: GeneralConfig } };

/** The membership that counts now. */
export class NodeMembership {
  readonly #file: SecretFile<Membership>;
  readonly #context: MembershipContext;
  #current: Membership;

  private constructor(
    context: MembershipContext,
    file: SecretFile<Membership>,
    current: Membership,
  ) {
    this.#context = context;
    this.#file = file;
    this.#current = current;
    context.onReload(() => file.look());
  }

  /**
   * Reads it.
   *
   * @throws {ConfigError} when this host has not joined, or by another name.
   */
  static async read(context: MembershipContext): Promise<NodeMembership> {
    const { general } = context.config;
    const file = fileOf(general);
    return new NodeMembership(context, file, await load(file, general));
  }

  /** What connections are made with. */
  get security(): ClientSecurity {
    const { keys, publisherKey } = this.#current;
    return { keys, serverKey: publisherKey };
  }

  /** Where the join code said that the publisher is. */
  get controlUrl(): string {
    return this.#current.controlUrl;
  }

  /** The secret for HELLO. */
  get token(): string {
    return this.#current.token;
  }

  /**
   * Goes by the file until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   * @param renew Called when connections have to be made with something else.
   */
  async run(signal: AbortSignal, renew: () => void): Promise<void> {
    const { log, config: { general } } = this.#context;
    for await (const next of this.#file.watch(signal, log)) {
      const trouble = otherName(next, general);
      if (trouble !== undefined) {
        log.record("error", "the membership stays as it was", {
          reason: trouble.message,
        });
        continue;
      }
      this.#current = next;
      log.record("notice", "joined anew, connecting");
      renew();
    }
  }
}

/** For `check`: throws what is not good. */
export async function checkMembership(general: GeneralConfig): Promise<void> {
  await load(fileOf(general), general);
}

function fileOf(
  { stateDir, hostName }: GeneralConfig,
): SecretFile<Membership> {
  return membershipFile(stateDir, hostName);
}

async function load(
  file: SecretFile<Membership>,
  general: GeneralConfig,
): Promise<Membership> {
  const membership = await file.read();
  if (membership === undefined) {
    throw new ConfigError([{
      file: membershipPath(general.stateDir),
      expected: "what this host has joined the cluster with",
    }], { hint: "fail2ban-cluster join CODE" });
  }
  const trouble = otherName(membership, general);
  if (trouble !== undefined) throw trouble;
  return membership;
}

function otherName(
  { node }: Membership,
  { hostName, stateDir }: GeneralConfig,
): ConfigError | undefined {
  if (sameHost(node, hostName)) return undefined;
  return new ConfigError([{
    file: membershipPath(stateDir),
    key: "general.hostname",
    value: hostName,
    expected: `${node}, the name that this host has joined by`,
  }]);
}
