import type { PageEvent } from "../../dashboard/messages.js";
import type { HttpListener } from "../../rpc/index.js";

/** What a page does with its address: asks with the token behind the #. */
export interface Asking {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  get(path: string): Promise<Response>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export function asking({ url }: Pick<HttpListener, "url">, token = /#token=(.*)$/.exec(url)?.[1] ?? ""): Asking {
  const base = url.replace(/\/#.*$|\/$/, "");
  const headers = { authorization: `Bearer ${token}` };
  return {
    base,
    headers,
    get: (path) => fetch(`${base}${path}`, { headers }),
    post: (path, body, more = {}) =>
      fetch(`${base}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers, ...more },
        body: JSON.stringify(body),
      }),
  };
}

/** The events of a page, until `isEnough`; the connection is closed then. */
export async function events(
  { base, headers }: Asking,
  training: string | undefined,
  isEnough: (event: PageEvent) => boolean,
): Promise<{ readonly told: readonly PageEvent[]; readonly bytes: number }> {
  const query = training === undefined ? "" : `?training=${training}`;
  const response = await fetch(`${base}/api/events${query}`, { headers });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const told: PageEvent[] = [];
  let [rest, bytes] = ["", 0];
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    bytes += piece.byteLength;
    const parts = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const event = JSON.parse(part.replace(/^data: /, "")) as PageEvent;
      told.push(event);
      if (isEnough(event)) return { told, bytes };
    }
  }
  return { told, bytes };
}
