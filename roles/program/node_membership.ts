/**
 * What a node has joined the cluster with.
 *
 * @module
 */

import type { GeneralConfig } from "../../lib/config/config.ts";
import { ConfigError, RuntimeError } from "../../lib/base/errors.ts";
import { sameHost } from "../../lib/base/host_name.ts";
import type { MoveResult } from "../../lib/client/move_orders.ts";
import { PublisherAddresses } from "../../lib/client/publisher_addresses.ts";
import {
  membershipPath,
  type SecretFile,
} from "../../lib/members/io/secret_file.ts";
import type { Membership, PublisherAddress } from "../../lib/members/member.ts";
import {
  isSame,
  publisherAddresses,
  withMove,
} from "../../lib/members/moved_publisher.ts";
import { plainText } from "../../lib/wire/v2.ts";
import type { ClientSecurity } from "../../lib/zmq/socket_options.ts";
import { membershipFile } from "./member_files.ts";
import type { RoleContext } from "./invocation.ts";

/** What a membership needs of its role. */
export type MembershipContext =
  & Pick<RoleContext<"monitor">, "log" | "onReload" | "dryRun">
  & { readonly config: { readonly general: GeneralConfig } };

/** Where the configuration says that the publisher is; a monitor's does not tell of the stream. */
export type ConfiguredAddress =
  & Pick<PublisherAddress, "controlUrl">
  & Partial<PublisherAddress>;

/** The membership that counts now. */
export class NodeMembership {
  /** Where the publisher is looked for. */
  readonly addresses: PublisherAddresses;
  readonly #file: SecretFile<Membership>;
  readonly #context: MembershipContext;
  readonly #configured: readonly ConfiguredAddress[];
  #current: Membership;

  private constructor(
    context: MembershipContext,
    file: SecretFile<Membership>,
    current: Membership,
    configured: readonly ConfiguredAddress[],
  ) {
    this.#context = context;
    this.#file = file;
    this.#current = current;
    this.#configured = configured;
    const [first = current, ...others] = this.#known;
    this.addresses = new PublisherAddresses(first, ...others);
    if (configured.length > 1) this.addresses.replaceBySeveral(this.#known);
    context.onReload(() => file.look());
  }

  /**
   * Reads it.
   *
   * @param configured Where the configuration says that the publisher is, or
   * each of several.
   * @throws {ConfigError} when this host has not joined, or by another name.
   */
  static async read(
    context: MembershipContext,
    configured: readonly ConfiguredAddress[],
  ): Promise<NodeMembership> {
    const { general } = context.config;
    const file = fileOf(general);
    const current = await load(file, general);
    return new NodeMembership(context, file, current, configured);
  }

  /** What connections are made with. */
  get security(): ClientSecurity {
    const { keys, publisherKey } = this.#current;
    return { keys, serverKey: publisherKey };
  }

  /** Where the publisher should be by all that is known but the configuration. */
  get expectedUrl(): string {
    return this.#isAsJoined
      ? this.addresses.current.controlUrl
      : this.#current.controlUrl;
  }

  /** The secret for HELLO. */
  get token(): string {
    return this.#current.token;
  }

  /**
   * Notes where the publisher will be, in the file. It is looked for there once
   * it does not answer where it is.
   */
  readonly move = async (address: PublisherAddress): Promise<MoveResult> => {
    if (!this.#isAsJoined) {
      const urls = this.#configured.map(({ controlUrl }) => controlUrl);
      return { outcome: "configured", detail: plainText(urls.join(", ")) };
    }
    const [last] = publisherAddresses(this.#current);
    if (last !== undefined && isSame(last, address)) {
      return { outcome: "known", detail: "" };
    }
    if (this.#context.dryRun) {
      return { outcome: "failed", detail: "a dry run writes nothing" };
    }
    try {
      return await this.#keepMove(address);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return { outcome: "failed", detail: plainText(error.message) };
    }
  };

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
      const isAnother = !isSameJoin(next, this.#current);
      this.#take(next);
      if (!isAnother) continue;
      log.record("notice", "joined anew, connecting");
      renew();
    }
  }

  async #keepMove(address: PublisherAddress): Promise<MoveResult> {
    const heardAt = this.addresses.current;
    const before = this.#current;
    // The node's other program may have noted it a moment ago.
    const next = await this.#file.edit((now) => {
      if (now === undefined || !isSameJoin(now, before)) {
        throw new RuntimeError("this host joins anew just now");
      }
      return withMove(now, address, heardAt);
    });
    this.#take(next);
    this.#context.log.record("notice", "the publisher says where it will be", {
      url: address.controlUrl,
      until: `nobody answers at ${heardAt.controlUrl}`,
    });
    return { outcome: "taken", detail: "" };
  }

  #take(next: Membership): void {
    this.#current = next;
    this.addresses.replace(this.#known);
  }

  /** Whether the configuration says what the join code said: it was set by joining. */
  get #isAsJoined(): boolean {
    const [{ controlUrl, streamUrl } = this.#current, ...others] =
      this.#configured;
    return others.length === 0 && controlUrl === this.#current.controlUrl &&
      (streamUrl === undefined || streamUrl === this.#current.streamUrl);
  }

  /** What a person has configured counts for more than what a publisher says. */
  get #known(): readonly PublisherAddress[] {
    const { streamUrl } = this.#current;
    return this.#isAsJoined
      ? publisherAddresses(this.#current)
      : this.#configured.map((each) => ({ streamUrl, ...each }));
  }
}

/** For `check`: throws what is not good. */
export async function checkMembership(general: GeneralConfig): Promise<void> {
  await load(fileOf(general), general);
}

function isSameJoin(left: Membership, right: Membership): boolean {
  return left.token === right.token && isSame(left, right) &&
    left.publisherKey === right.publisherKey;
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
