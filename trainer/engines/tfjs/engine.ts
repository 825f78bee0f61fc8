import { createRequire } from "node:module";
import { PatchstreamError } from "../../../plan/errors.js";
import type { TrainingEngine } from "../engine.js";
import { firstLine } from "../first-line.js";
import { TfjsModel } from "./model.js";
import type { Tfjs } from "./tfjs.js";

export type TfjsPackage = "tfjs-node" | "tfjs-node-gpu";

/** The engine on a tfjs backend that is already chosen. `threads` has no effect: TensorFlow decides. */
export function tfjsEngine(name: string, tf: Tfjs): TrainingEngine {
  return { name, createModel: async (network, options) => new TfjsModel(tf, network, options) };
}

/** The engine on TensorFlow's native library. Throws ENGINE_MISSING where the package or its library is not there. */
export async function openTfjsEngine(name: TfjsPackage): Promise<TrainingEngine> {
  restoreRemovedUtilities();
  try {
    const tf = (await import(`@tensorflow/${name}`)) as Tfjs & { default?: Tfjs };
    const namespace = tf.default ?? tf;
    await namespace.setBackend("tensorflow"); // another may be chosen: tfjs has one for all of a process
    return tfjsEngine(name, namespace);
  } catch (cause) {
    const missing = (cause as { code?: string }).code === "ERR_MODULE_NOT_FOUND";
    const reason = missing
      ? `the package @tensorflow/${name} is not installed`
      : `its TensorFlow library does not load (${firstLine(cause)})`;
    const hint = missing
      ? `Run: npm install @tensorflow/${name}`
      : `Run: npm rebuild @tensorflow/${name} (docs/how-to/build-tfjs-node.sh where its download is out of reach)`;
    throw new PatchstreamError({ code: "ENGINE_MISSING", engine: name, reason }, hint, { cause });
  }
}

/** tfjs-node 4.22 calls two functions of node:util that Node 23 removed (mended in tensorflow/tfjs pull request 8425, not released). */
function restoreRemovedUtilities(): void {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
