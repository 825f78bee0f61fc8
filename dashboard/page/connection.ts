import type { PageEvent, Trouble } from "../messages.js";

const KEY = "patchstream-token";
/** The server says every two seconds that it is there. */
const SILENCE_MS = 12_000;
const AGAIN_MS = 2_000;

/** Why an answer did not come, in the words of who refused it. */
export class Refusal extends Error {
  readonly trouble: Trouble;
  /** This server wants another token; not the trainer behind it. */
  readonly wantsToken: boolean;

  constructor(trouble: Trouble, wantsToken: boolean) {
    super(trouble.message);
    this.trouble = trouble;
    this.wantsToken = wantsToken;
  }
}

/** The token behind the # of the address, which is taken from there, or that of before. It is forgotten with the tab. */
export function takeToken(): string {
  const found = /(?:^#|&)token=([\w.~+/=-]+)/.exec(location.hash)?.[1];
  if (found !== undefined) {
    sessionStorage.setItem(KEY, found);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Throws Refusal, also where the server is not there. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${takeToken()}`, ...init.headers };
  const response = await fetch(path, { ...init, headers }).catch((error) => {
    if (init.signal?.aborted) throw error;
    const message = "The dashboard's own server does not answer. Is the command `patchstream dashboard` still running?";
    throw new Refusal({ code: "UNAVAILABLE", message }, false);
  });
  if (response.ok) return response;
  const trouble = (await response.json().catch(() => undefined)) as Trouble | undefined;
  const unsaid = { code: "INTERNAL", message: `The dashboard's server answers ${response.status}.` };
  throw new Refusal(trouble ?? unsaid, response.status === 401);
}

export async function tell(path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/** Hands out the server's events until `signal` aborts, over new connections where one is lost. `onLost` is told why, and undefined when it is back. */
export async function follow(
  training: string | undefined,
  onEvent: (event: PageEvent) => void,
  onLost: (refusal: Refusal | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = training === undefined ? "" : `?training=${encodeURIComponent(training)}`;
  while (!signal.aborted) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const { body } = await ask(`/api/events${query}`, { signal: AbortSignal.any([signal, silence.signal]) });
      onLost(undefined);
      for await (const event of eventsIn(body as ReadableStream<Uint8Array>)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        onEvent(event);
        if (event.kind === "refused") throw new Refusal(event.trouble, true);
      }
      throw new Refusal(
        { code: "UNAVAILABLE", message: "The dashboard's own server has ended the connection." },
        false,
      );
    } catch (error) {
      if (signal.aborted) return;
      const silent = { code: "DEADLINE", message: "The dashboard's own server has gone silent." };
      onLost(error instanceof Refusal ? error : new Refusal(silent, false));
      if (error instanceof Refusal && error.wantsToken) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The events of a text/event-stream, one JSON object each. */
async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<PageEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6)) as PageEvent;
  }
}
