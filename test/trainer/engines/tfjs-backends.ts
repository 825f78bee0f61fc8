import cpu from "@tensorflow/tfjs";
import type { Tfjs } from "../../../trainer/engines/tfjs/tfjs.js";

/** What the tests of the tfjs engine run on. */
export interface TfjsBackend {
  readonly name: string;
  readonly tf: Tfjs;
}

/** tfjs's plain JavaScript, and TensorFlow's native library where it is there (`npm run test:tfjs-node`). */
export async function tfjsBackends(): Promise<TfjsBackend[]> {
  await cpu.setBackend("cpu");
  const native: string = "@tensorflow/tfjs-node";
  const node = await import(native).then(
    (module: { readonly default: Tfjs }) => module.default,
    () => undefined,
  );
  return [{ name: "tfjs-cpu", tf: cpu }, ...(node ? [{ name: "tfjs-node", tf: node }] : [])];
}
