import type { GeneralConfig } from "../../lib/config/config.ts";
import { lookAtPublisher } from "../../lib/client/io/publisher_probe.ts";
import {
  explainSilence,
  type Explanation,
  type SilenceStage,
} from "../../lib/client/silence.ts";
import type { NodeMembership } from "./node_membership.ts";

/**
 * Finds out why a publisher does not answer.
 *
 * @param membership This host's membership.
 * @param general This node's configuration.
 */
export function silenceExplainer(
  membership: NodeMembership,
  { hostName: node }: GeneralConfig,
): (stage: SilenceStage) => Promise<Explanation> {
  return async (stage) => {
    const { addresses, expectedUrl } = membership;
    const url = addresses.current.controlUrl;
    const explanation = explainSilence({
      ...{ cause: await lookAtPublisher(url), stage, url, node },
      joinedUrl: expectedUrl,
    });
    // Of several, another may be the active one.
    return addresses.areSeveral
      ? { ...explanation, isReached: true }
      : explanation;
  };
}
