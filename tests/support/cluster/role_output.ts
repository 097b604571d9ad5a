import type { ChildProcess } from "../host/child_process.ts";

/** Addresses that publishers relayed a ban of, in order, doubles included. */
export function relayed(...publishers: ChildProcess[]): string[] {
  return publishers.flatMap((publisher) =>
    matches(publisher.stderr, /: relaying ban .*address=(\S+)/)
  );
}

/** Messages that subscribers with the log action wrote. */
export function heard(...subscribers: ChildProcess[]): string[] {
  return subscribers.flatMap((subscriber) =>
    matches(
      subscriber.stderr,
      / fail2ban-zmq-tools Subscriber: Got broadcast message: (.*)$/,
    )
  );
}

function matches(lines: readonly string[], pattern: RegExp): string[] {
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
}
