/** Metrics of a service by name; of those with labels the sum over all of them. */
export type Scraped = ReadonlyMap<string, number>;

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? (\S+)(?: \d+)?$/;

/** Reads Prometheus text. What is no sample is left out, and so are buckets: their sums say nothing. */
export function parseMetrics(text: string): Scraped {
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = SAMPLE.exec(line) ?? [];
    const number = Number(value);
    if (name === "" || name.endsWith("_bucket") || !Number.isFinite(number)) continue;
    sums.set(name, (sums.get(name) ?? 0) + number);
  }
  return sums;
}

/** Far more than our services have. */
const MOST_BYTES = 4 << 20;

/** The metrics that a service serves at `address` (host:port). Rejects with a word on why there are none, after `timeoutMs` at the latest. */
export async function scrape(address: string, timeoutMs: number): Promise<Scraped> {
  const response = await fetch(`http://${address}/metrics`, {
    signal: AbortSignal.timeout(timeoutMs),
    redirect: "error",
  });
  if (!response.ok || response.body === null) throw new Error(`it answers ${response.status}`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body) {
    bytes += piece.byteLength;
    if (bytes > MOST_BYTES) throw new Error("it answers with too much for metrics");
    pieces.push(piece);
  }
  return parseMetrics(Buffer.concat(pieces).toString());
}
