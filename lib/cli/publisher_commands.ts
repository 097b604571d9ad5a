/**
 * The operator's verbs for several publishers that share a table. They run on
 * the host of any of them.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { isLoopbackUrl } from "../base/endpoint_url.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { PublisherGroup } from "../engine/publisher_group.ts";
import type {
  MemberList,
  PublisherHost,
  PublisherIdentity,
} from "../members/member.ts";
import {
  type Editor,
  withoutPublisher,
  withPublishers,
} from "../members/member_edits.ts";
import { NO_MEMBERS } from "../members/member_list_form.ts";
import {
  encodePublisherCode,
  type GivenEngine,
} from "../members/publisher_code.ts";
import type { EditedValue, StoredValue } from "../members/stored_value.ts";
import {
  jsonLines,
  type OperatorOutput,
  tableLines,
} from "../views/operator_output.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import { addressOption, nameOperand } from "./operands.ts";

/** Options for {@link PublisherCommands}. */
export interface PublisherCommandsOptions {
  readonly identity: Pick<StoredValue<PublisherIdentity>, "read">;
  readonly list: EditedValue<MemberList>;
  readonly editor: Editor;
  /** Ports that the publisher is configured to bind for control and stream. */
  readonly ports: readonly [control: number, stream: number];
  /** This host's name in the configuration. */
  readonly hostName: HostName | undefined;
  readonly group: PublisherGroup;
  /** The engine that shares the table, with addresses for another publisher. */
  readonly engine: GivenEngine;
}

/** Carries out `publisher ...`, except `publisher join`. */
export class PublisherCommands {
  readonly #options: PublisherCommandsOptions;

  /** @param options See {@link PublisherCommandsOptions}. */
  constructor(options: PublisherCommandsOptions) {
    this.#options = options;
  }

  /** `publisher add`. */
  async add(command: TypedCommand): Promise<OperatorOutput> {
    const { list, editor, engine, ports } = this.#options;
    const name = nameOperand(command);
    const options = new Map([["address", name as string], ...command.options]);
    const urls = addressOption({ ...command, options }, ports);
    if (urls === undefined) throw new TypeError("Cannot be without an address");
    const { keys, controlUrl, streamUrl } = await this.#identity();
    const own = { name: this.#ownName(), controlUrl, streamUrl };
    const { publishers = [] } = await list.edit((before = NO_MEMBERS) => {
      const isThere = (before.publishers ?? []).some((each) =>
        sameHost(each.name, own.name)
      );
      const added = isThere || sameHost(own.name, name) ? [] : [own];
      return withPublishers(before, [...added, { name, ...urls }], editor);
    });
    return {
      lines: [
        `${name} ${encodePublisherCode({ name, keys, ...urls, engine })}`,
      ],
      notes: [
        `next, on ${name}: fail2ban-cluster publisher join - (and paste the line)`,
        "the code is the cluster's own key and the engine's password: whoever has it is the publisher",
        ...(engine.urls.every(isLoopbackUrl) ? [LOOPBACK] : []),
        `nodes that joined before know fewer; set there, in [monitor] and [subscriber]: controlserver = ${
          publishers.map((each) => each.controlUrl).join(", ")
        }`,
      ],
    };
  }

  /** `publisher list`. */
  async list(command: TypedCommand): Promise<OperatorOutput> {
    const all = await this.#options.group.list(await this.#added());
    if (command.options.has("json")) {
      return { lines: jsonLines(all), notes: [] };
    }
    const rows = all.map(({ name, role, term, behind, controlUrl }) => [
      name,
      role,
      String(term ?? "-"),
      String(behind ?? "-"),
      controlUrl ?? "not added",
    ]);
    const heading = [
      "PUBLISHER",
      "ROLE",
      "TERM",
      "BEHIND",
      "NODES REACH IT AT",
    ];
    return { lines: tableLines([heading, ...rows]), notes: [] };
  }

  /** `publisher remove`. */
  async remove(command: TypedCommand): Promise<OperatorOutput> {
    const { list, editor, group } = this.#options;
    const name = nameOperand(command);
    await group.forget(name, await this.#added());
    await list.edit((before = NO_MEMBERS) =>
      withoutPublisher(before, name, editor)
    );
    return {
      lines: [],
      notes: [
        `${name} is no publisher any more; nodes that join from now on do not ask it`,
        `it had the cluster's key and the engine's password: clear members/ there, or, where it may be in others' hands, give the engine another password and make new keys`,
      ],
    };
  }

  /** `publisher handover`. */
  async handOver(command: TypedCommand): Promise<OperatorOutput> {
    const to = command.operands.length === 0 ? undefined : nameOperand(command);
    const next = await this.#options.group.handOver(to, await this.#added());
    return { lines: [], notes: [`${next} is the active publisher now`] };
  }

  async #added(): Promise<readonly PublisherHost[]> {
    const { publishers = [] } = await this.#options.list.read() ?? NO_MEMBERS;
    return publishers;
  }

  async #identity(): Promise<PublisherIdentity> {
    const identity = await this.#options.identity.read();
    if (identity !== undefined) return identity;
    throw new RuntimeError("the publisher has no keys yet", {
      hint: "fail2ban-cluster init --address HOST makes them, on its host",
    });
  }

  #ownName(): HostName {
    const { hostName } = this.#options;
    if (hostName !== undefined) return hostName;
    throw new RuntimeError(
      "this host's name is none that a publisher can have",
      {
        hint: "set hostname in [general]",
      },
    );
  }
}

const LOOPBACK =
  "publisher.engineurls has this host's own etcd only: on another host it has to name the others' as well";

/**
 * The error of all verbs but `publisher join` when there is only one publisher.
 */
export function aloneError(): RuntimeError {
  return new RuntimeError("this publisher is alone: no engine is configured", {
    hint: "set engine = etcd in [publisher]: docs/PUBLISHERS.md",
  });
}
