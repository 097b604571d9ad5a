/**
 * The membership that a node joined the cluster with.
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

/** What a membership needs from its role. */
export type MembershipContext =
  & Pick<RoleContext<"monitor">, "log" | "onReload" | "dryRun">
  & { readonly config: { readonly general: GeneralConfig } };

/**
 * The publisher's configured address; a monitor's configuration has no stream
 * URL.
 */
export type ConfiguredAddress =
  & Pick<PublisherAddress, "controlUrl">
  & Partial<PublisherAddress>;

/** The current membership. */
export class NodeMembership {
  /** The publisher's possible addresses. */
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
   * Reads the membership.
   *
   * @param configured The configured addresses of one or several publishers.
   * @throws {ConfigError} when this host has not joined, or under another name.
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

  /** Keys for connections. */
  get security(): ClientSecurity {
    const { keys, publisherKey } = this.#current;
    return { keys, serverKey: publisherKey };
  }

  /** The publisher's expected address, apart from the configuration. */
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
   * Stores the publisher's next address in the file. The node tries it once the
   * publisher no longer answers at its present address.
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
   * Follows the file until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   * @param renew Called when connections must be made with new keys or
   * addresses.
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
    // The node's other program may have just stored the same.
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

  /**
   * Whether the configured address is the one of the join code, as set by
   * joining.
   */
  get #isAsJoined(): boolean {
    const [{ controlUrl, streamUrl } = this.#current, ...others] =
      this.#configured;
    return others.length === 0 && controlUrl === this.#current.controlUrl &&
      (streamUrl === undefined || streamUrl === this.#current.streamUrl);
  }

  /** A configured address takes precedence over one that a publisher sent. */
  get #known(): readonly PublisherAddress[] {
    const { streamUrl } = this.#current;
    return this.#isAsJoined
      ? publisherAddresses(this.#current)
      : this.#configured.map((each) => ({ streamUrl, ...each }));
  }
}

/** For `check`: throws an error if the membership is unusable. */
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
