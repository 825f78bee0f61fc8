import type { ServerResponse } from "node:http";
import type { PageEvent } from "../messages.js";
import { begin } from "./answers.js";

/** A reader that is further behind gets no changes until it has caught up: the next one then holds all of them. */
const MOST_UNREAD_BYTES = 1 << 20;

/** Server-sent events to one page. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    begin(response, 200, { "content-type": "text/event-stream" });
    response.flushHeaders();
  }

  /** Whether the page reads slower than it is told. */
  get isBehind(): boolean {
    return this.#response.writableLength > MOST_UNREAD_BYTES;
  }

  tell(event: PageEvent): void {
    if (!this.#response.writableEnded) this.#response.write(`data: ${JSON.stringify(event, shortNumber)}\n\n`);
  }

  /** Tells how something stands now, but not to a page that is behind, whose process may be stopped: what it is told next holds it too. */
  tellLatest(event: PageEvent): boolean {
    if (this.isBehind) return false;
    this.tell(event);
    return true;
  }

  end(): void {
    this.#response.end();
  }
}

/** Six digits draw every picture. */
function shortNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
