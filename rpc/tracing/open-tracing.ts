import { Tracing } from "./tracing.js";

/** Where OpenTelemetry's API keeps what an SDK has registered, whichever copy of the API it was registered with. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/** Whether an OpenTelemetry SDK was started in this thread, as `node --import` does it. */
export function isTraced(): boolean {
  const registered = (globalThis as { [REGISTERED]?: { readonly trace?: unknown } })[REGISTERED];
  return registered?.trace !== undefined;
}

/** The tracing of this thread; undefined where no SDK was started: then nothing is loaded. */
export async function openTracing(): Promise<Tracing | undefined> {
  return isTraced() ? new Tracing(await import("@opentelemetry/api")) : undefined;
}

const PRELOADS = new Set(["--import", "--require", "-r"]);

/**
 * Flags that start the SDK in a thread or process of ours as in this one; none where it was not started here. (What NODE_OPTIONS says holds
 * for all of them anyway.)
 */
export function preloads(flags: readonly string[] = process.execArgv): string[] {
  if (!isTraced()) return [];
  return flags.flatMap((flag, index) => {
    const [name = ""] = flag.split("=");
    if (!PRELOADS.has(name)) return [];
    return flag.includes("=") ? [flag] : [flag, flags[index + 1] ?? ""];
  });
}
