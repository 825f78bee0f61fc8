import { type ServiceError, status } from "@grpc/grpc-js";
import type { Channel } from "../../rpc/client/channel.js";
import { askForLane, type DialedLane } from "../../rpc/lane/dialed-lane.js";
import type { WireCall } from "./wire.js";

/** A lane as the wire sees it: messages out, messages in. */
export function openWireLane(channel: Channel): WireCall {
  const received: Buffer[] = [];
  const waiting: ((lane: DialedLane) => void)[] = [];
  let lane: DialedLane | undefined;
  let end: { readonly failure: Error | undefined } | undefined;
  let wake = () => {};
  const over = (failure: Error | undefined) => {
    end ??= { failure };
    wake();
  };
  const open = async () => {
    const offered = await askForLane(channel);
    const dialed = offered.dial({
      accepted() {
        lane = dialed;
        for (const act of waiting.splice(0)) act(dialed);
      },
      message(bytes) {
        received.push(bytes);
        wake();
      },
      ended: over,
      lost: over,
    });
  };
  open().catch(over);
  const whenOpen = (act: (lane: DialedLane) => void) => {
    if (lane === undefined) waiting.push(act);
    else act(lane);
  };
  return {
    write: (bytes) => whenOpen((opened) => opened.send(bytes)),
    end: () => whenOpen((opened) => opened.end()),
    cancel() {
      whenOpen((opened) => opened.close());
      over(Object.assign(new Error("cancelled"), { code: status.CANCELLED }));
    },
    async next() {
      while (received.length === 0 && end === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const message = received.shift();
      if (message === undefined && end?.failure !== undefined) throw end.failure as ServiceError;
      return message;
    },
  };
}
