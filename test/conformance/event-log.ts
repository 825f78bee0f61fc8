import type { ServiceLogger } from "../../rpc/server/service-log.js";

/** An event of a service's log. */
export type Event = Readonly<Record<string, unknown>>;

/** What a service in this process logs. */
export class EventLog {
  readonly events: Event[] = [];
  readonly logger: ServiceLogger;
  #wake = () => {};

  constructor() {
    const write = (event: object) => {
      this.events.push({ ...event });
      this.#wake();
    };
    this.logger = { error: write, warn: write, info: write, debug: write };
  }

  all(event: string): readonly Event[] {
    return this.events.filter((logged) => logged.event === event);
  }

  /** Waits until an event has come so many times; the last of them. */
  async logged(event: string, times = 1): Promise<Event> {
    for (;;) {
      const found = this.all(event)[times - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
