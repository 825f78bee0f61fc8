import type { Messages } from "../../proto/messages.js";
import { openLaneStream } from "./lane-stream.js";
import { type OpenStream, openGrpcStream } from "./stream-call.js";

/** What carries a stream. */
export type Carrier = "grpc" | "lane";

/** `auto`: a lane where one can be opened, else gRPC. */
export type CarrierChoice = Carrier | "auto";

/** How streams are opened under a choice. */
export function streamOpener(choice: CarrierChoice): OpenStream {
  switch (choice) {
    case "grpc":
      return openGrpcStream;
    case "lane":
      return (replica, events) => openLaneStream(replica, { ...events, unreachable: events.over, opened: () => {} });
    case "auto":
      return openLaneOrGrpc;
  }
}

/** Tries a lane first. */
const openLaneOrGrpc: OpenStream = (replica, events) => {
  const { lanes } = replica;
  if (!lanes.mayTry) return openGrpcStream(replica, events);
  const sent: Messages["StreamRequest"][] = [];
  let isOpen = false;
  let call = openLaneStream(replica, {
    ...events,
    opened() {
      isOpen = true;
      sent.length = 0;
    },
    chunk(head) {
      lanes.carried();
      return events.chunk(head);
    },
    over(error) {
      if (isOpen) lanes.lost();
      events.over(error);
    },
    unreachable() {
      lanes.failed();
      call = openGrpcStream(replica, events);
      for (const message of sent) call.send(message);
    },
  });
  return {
    send(message) {
      if (!isOpen) sent.push(message);
      call.send(message);
    },
    cancel: () => call.cancel(),
  };
};
