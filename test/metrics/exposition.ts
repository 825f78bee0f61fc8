/** One metric of an exposition: what stands between two HELP lines. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly { readonly name: string; readonly labels: readonly string[] }[];
}

/** The metrics of Prometheus's text format. Throws for a line that is none of it, and for one that stands in the wrong place. */
export function readExposition(text: string): Metric[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const metrics: { name: string; help: string; type: string; samples: Metric["samples"][number][] }[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const metric = metrics.at(-1);
    const [, help, told] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    const [, name, labels = ""] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (?:[-+.\de]+|NaN|[-+]Inf)$/i.exec(line) ?? [];
    if (help !== undefined && told !== undefined) metrics.push({ name: help, help: told, type: "", samples: [] });
    else if (type !== undefined && metric?.name === typed && metric?.type === "") metric.type = type;
    else if (name !== undefined && metric !== undefined && name.startsWith(metric.name))
      metric.samples.push({
        name,
        labels: [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = ""]) => label),
      });
    else throw new Error(`a line that does not belong here: ${line}`);
  }
  return metrics;
}

/** Units that have a base unit to be used instead, and short forms of units, as `promtool check metrics` knows them. */
const WRONG_UNIT =
  /_(?:(?:milli|micro|nano|kilo|mega|giga|kibi|mebi|gibi)\w*|ms|us|ns|s|sec|secs|minutes?|hours?|days?|weeks?|b|kb|mb|gb|kib|mib|gib|bits?|percent|fahrenheit)(?:_|$)/;

/** What `promtool check metrics` would say of the metrics, one line a fault. */
export function lint(metrics: readonly Metric[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { name, help, type, samples } of metrics) {
    const fault = (text: string) => faults.push(`${name}: ${text}`);
    if (seen.has(name)) fault("is there twice");
    seen.add(name);
    if (help.trim() === "") fault("no help");
    if (type === "") fault("no type");
    if (!/^(?:patchstream|process|nodejs)_[a-z0-9_]+$/.test(name)) fault("not one of our prefixes, or not snake_case");
    if (name.endsWith("_total") !== (type === "counter")) fault("_total belongs to counters, and to nothing else");
    if (/_(?:count|sum|bucket)$/.test(name)) fault("ends like a part of a histogram");
    if (/_(?:gauge|counter|histogram|summary)(?:_|$)/.test(name)) fault("names its type");
    if (WRONG_UNIT.test(name)) fault("not a base unit");
    const parts =
      type === "histogram" ? ["_bucket", "_sum", "_count"] : type === "summary" ? ["", "_sum", "_count"] : [""];
    for (const sample of samples) {
      if (!parts.some((part) => sample.name === name + part)) fault(`${sample.name} is no part of it`);
      for (const label of sample.labels) {
        if (!/^[a-z][a-z0-9_]*$/.test(label)) fault(`label ${label} is not snake_case`);
        if (label === "le" && type !== "histogram") fault("label le");
        if (label === "quantile" && type !== "summary") fault("label quantile");
      }
    }
  }
  return faults;
}

/** The exposition that a service serves. */
export async function scrape(address: string | undefined): Promise<string> {
  return (await fetch(`http://${address}/metrics`)).text();
}
