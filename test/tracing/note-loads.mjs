// `node --import`: each load of a module of OpenTelemetry, in any thread, becomes a line in the file that LOADS names.
import { appendFileSync } from "node:fs";
import { register } from "node:module";

const isHooks = import.meta.url.endsWith("?hooks");
if (!isHooks) register("./note-loads.mjs?hooks", import.meta.url);

export function resolve(specifier, context, next) {
  if (specifier.startsWith("@opentelemetry/")) appendFileSync(process.env.LOADS, `${specifier}\n`);
  return next(specifier, context);
}
