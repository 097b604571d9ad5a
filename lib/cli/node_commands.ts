/**
 * The operator's verbs for nodes. They run on the publisher's host.
 *
 * @module
 */

import type { TypedCommand } from "./cluster_cli.ts";
import { endpointHost } from "../base/endpoint_url.ts";
import { RuntimeError } from "../base/errors.ts";
import { suggestion } from "./help_text.ts";
import type { HostName } from "../base/host_name.ts";
import { encodeJoinCode, type Joining } from "../members/join_code.ts";
import type {
  Member,
  MemberList,
  Membership,
  PublisherIdentity,
} from "../members/member.ts";
import {
  type Editor,
  memberNamed,
  withMember,
  withNewSecrets,
  withoutMember,
} from "../members/member_edits.ts";
import { NO_MEMBERS } from "../members/member_list_form.ts";
import {
  addressOption,
  nameOperand,
  nameOperands,
  rightsOptions,
} from "./operands.ts";
import type {
  EditedValue,
  SecretMaker,
  StoredValue,
} from "../members/stored_value.ts";
import type { OperatorOutput } from "../views/operator_output.ts";
import { isSame } from "../members/moved_publisher.ts";
import { digestToken } from "../members/token_digest.ts";

/** Options for {@link NodeCommands}. */
export interface NodeCommandsOptions {
  readonly identity: StoredValue<PublisherIdentity>;
  readonly list: EditedValue<MemberList>;
  readonly secrets: SecretMaker;
  readonly editor: Editor;
  /** Ports that the publisher is configured to bind for control and stream. */
  readonly ports: readonly [control: number, stream: number];
}

type Urls = Pick<PublisherIdentity, "controlUrl" | "streamUrl">;

/**
 * The publisher's address without `--address`: sufficient to try a cluster on
 * one host.
 */
const THIS_HOST = "127.0.0.1";

/** Carries out `init` and `node ...`. */
export class NodeCommands {
  readonly #options: NodeCommandsOptions;

  /** @param options See {@link NodeCommandsOptions}. */
  constructor(options: NodeCommandsOptions) {
    this.#options = options;
  }

  /**
   * Makes the publisher's keys.
   *
   * @param prepare Called first, with the URL that nodes will use. If it
   * throws, no keys are made, and `init` can be repeated.
   * @returns The new identity.
   * @throws {RuntimeError} when the publisher has keys already.
   */
  async init(
    command: TypedCommand,
    prepare: (controlUrl: string) => Promise<void>,
  ): Promise<PublisherIdentity> {
    const { identity, secrets, ports } = this.#options;
    const options = new Map(command.options);
    if (!options.has("address")) options.set("address", THIS_HOST);
    const urls = addressOption({ ...command, options }, ports);
    if (urls === undefined) throw new TypeError("Cannot be without an address");
    refuseSecond(await identity.read());
    await prepare(urls.controlUrl);
    const keys = await secrets.newKeys();
    return await identity.edit((before) => {
      refuseSecond(before);
      return { keys, ...urls };
    });
  }

  /** `node add`. */
  async add(command: TypedCommand): Promise<OperatorOutput> {
    const { list, secrets, editor } = this.#options;
    const names = nameOperands(command);
    const rights = rightsOptions(command);
    const identity = await this.#identity();
    const urls = this.#urls(command, identity);
    const others = await this.#others(command, urls);
    const made = await Promise.all(names.map(async (name) => {
      const made = await newMembership(name, identity, urls, secrets);
      const membership = { ...made, ...others };
      const { keys: { publicKey }, token } = membership;
      const tokenDigest = await digestToken(token);
      return { membership, member: { name, publicKey, tokenDigest, rights } };
    }));
    await list.edit((before) =>
      made.reduce(
        (all, { member }) => withMember(all, member, editor),
        before ?? NO_MEMBERS,
      )
    );
    return namedCodes(made.map(({ membership }) => membership));
  }

  /** `node rotate`. */
  async rotate(command: TypedCommand): Promise<OperatorOutput> {
    const { list, secrets, editor } = this.#options;
    const typed = nameOperand(command);
    const identity = await this.#identity();
    const urls = this.#urls(command, identity);
    const { name } = await this.#member(typed);
    const membership = {
      ...await newMembership(name, identity, urls, secrets),
      ...await this.#others(command, urls),
    };
    const tokenDigest = await digestToken(membership.token);
    const { publicKey } = membership.keys;
    await list.edit((before = NO_MEMBERS) =>
      withNewSecrets(before, name, { publicKey, tokenDigest }, editor)
    );
    return newCode(membership);
  }

  /** `node revoke`. */
  async revoke(command: TypedCommand): Promise<OperatorOutput> {
    const name = nameOperand(command);
    const { list, editor } = this.#options;
    await list.edit((before = NO_MEMBERS) =>
      withoutMember(before, name, editor)
    );
    const notes = [
      `${name} is no member any more; a publisher that runs cuts its connections`,
      `what it reported stands: fail2ban-cluster node withdraw ${name} takes it back`,
    ];
    return { lines: [], notes };
  }

  /** The members, for `node list`. */
  async members(): Promise<readonly Member[]> {
    const { members } = await this.#options.list.read() ?? NO_MEMBERS;
    return members.toSorted((left, right) => left.name < right.name ? -1 : 1);
  }

  /** The member named by `node show`. */
  async show(command: TypedCommand): Promise<Member> {
    return await this.#member(nameOperand(command));
  }

  async #member(name: HostName): Promise<Member> {
    const list = await this.#options.list.read() ?? NO_MEMBERS;
    const member = memberNamed(list, name);
    if (member !== undefined) return member;
    const near = suggestion(name, list.members.map(({ name }) => name));
    throw new RuntimeError(`there is no member ${name}${near}`, {
      hint: "fail2ban-cluster node list shows who is",
    });
  }

  async #identity(): Promise<PublisherIdentity> {
    const identity = await this.#options.identity.read();
    if (identity !== undefined) return identity;
    throw new RuntimeError("the publisher has no keys yet", {
      hint: "fail2ban-cluster init --address HOST makes them, on its host",
    });
  }

  /** The other publishers; with `--address`, only the named one counts. */
  async #others(
    { options }: TypedCommand,
    urls: Urls,
  ): Promise<Pick<Joining, "others">> {
    const { publishers = [] } = await this.#options.list.read() ?? NO_MEMBERS;
    const others = publishers.filter((each) => !isSame(each, urls))
      .map(({ controlUrl, streamUrl }) => ({ controlUrl, streamUrl }));
    return options.has("address") || others.length === 0 ? {} : { others };
  }

  #urls(command: TypedCommand, { controlUrl, streamUrl }: Urls): Urls {
    return addressOption(command, this.#options.ports) ??
      { controlUrl, streamUrl };
  }
}

/** New keys would lock out every node that has joined. */
function refuseSecond(identity: PublisherIdentity | undefined): void {
  if (identity === undefined) return;
  throw new RuntimeError("the publisher has its keys already", {
    hint: "fail2ban-cluster node add NAME makes a member",
  });
}

async function newMembership(
  node: HostName,
  { keys: { publicKey: publisherKey } }: PublisherIdentity,
  urls: Urls,
  secrets: SecretMaker,
): Promise<Membership> {
  const keys = await secrets.newKeys();
  return { node, keys, publisherKey, token: secrets.newToken(), ...urls };
}

/** A line for each node: its name and its join code. */
function namedCodes(memberships: readonly Joining[]): OperatorOutput {
  const where = memberships.length === 1
    ? `on ${memberships[0]?.node ?? ""}`
    : "on each node with its own line";
  return {
    lines: memberships.map((membership) =>
      `${membership.node} ${encodeJoinCode(membership)}`
    ),
    notes: [
      `next, ${where}: fail2ban-cluster join NAME CODE`,
      ...secretNotes(memberships),
    ],
  };
}

/** The new join code of a node. */
function newCode(membership: Joining): OperatorOutput {
  return {
    lines: [encodeJoinCode(membership)],
    notes: [
      `next, on ${membership.node}: fail2ban-cluster join CODE`,
      ...secretNotes([membership]),
    ],
  };
}

/** Each code is the node's secret, and is shown only once. */
function secretNotes([first]: readonly Joining[]): readonly string[] {
  const host = endpointHost(first?.controlUrl ?? "") ?? "";
  return [
    `a code is the node's secret, and shown once; with it the publisher is reached at ${host}`,
  ];
}
