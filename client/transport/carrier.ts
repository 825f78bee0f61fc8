import type { Carrier } from "../../rpc/carrier.js";
import { openLaneStream } from "./lane-stream.js";
import { type OpenStream, openGrpcStream } from "./stream-call.js";

/** `auto`: a lane where one can be opened, else gRPC. */
export type CarrierChoice = Carrier | "auto";

/** How streams are opened under a choice. */
export function streamOpener(choice: CarrierChoice): OpenStream {
  switch (choice) {
    case "grpc":
      return openGrpcStream;
    case "lane":
      return (replica, events) => openLaneStream(replica, { ...events, unreachable: (error) => events.over(error) });
    case "auto":
      return openLaneOrGrpc;
  }
}

/** Tries a lane first. */
const openLaneOrGrpc: OpenStream = (replica, events) => {
  const { lanes } = replica;
  if (!lanes.mayTry) return openGrpcStream(replica, events);
  let isOpen = false;
  let call = openLaneStream(replica, {
    ...events,
    carried(by) {
      isOpen = true;
      events.carried(by);
    },
    chunk(head) {
      lanes.carried();
      return events.chunk(head);
    },
    over(error) {
      if (isOpen) lanes.lost();
      events.over(error);
    },
    unreachable(_, unsent) {
      lanes.failed();
      call = openGrpcStream(replica, events);
      for (const message of unsent) call.send(message);
    },
  });
  return {
    send: (message) => call.send(message),
    cancel: () => call.cancel(),
  };
};
