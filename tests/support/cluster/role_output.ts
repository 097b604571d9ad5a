import type { ChildProcess } from "../host/child_process.ts";

/** Addresses of relayed bans, in order, including duplicates. */
export function relayed(...publishers: ChildProcess[]): string[] {
  return publishers.flatMap((publisher) =>
    publisher.found(/: relaying ban .*address=(\S+)/)
  );
}

/** Messages that subscribers with the log action wrote. */
export function heard(...subscribers: ChildProcess[]): string[] {
  return subscribers.flatMap((subscriber) =>
    subscriber.found(
      / fail2ban-zmq-tools Subscriber: Got broadcast message: (.*)$/,
    )
  );
}

/**
 * Removes resends of protocol 1. A monitor whose publisher does not answer for
 * two seconds sends the message again: it equals the last message of that node,
 * jail and address.
 *
 * @param messages `node|jail|action|address`, in order.
 */
export function withoutResends(messages: readonly string[]): string[] {
  const last = new Map<string, string>();
  return messages.filter((message) => {
    const [node, jail, action = "", address] = message.split("|");
    const about = `${node}|${jail}|${address}`;
    const isAgain = last.get(about) === action;
    last.set(about, action);
    return !isAgain;
  });
}
