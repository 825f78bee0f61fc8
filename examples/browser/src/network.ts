import type { InferenceSession, Tensor } from "onnxruntime-web";
import webgpuLoader from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import webgpuWasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import wasmLoader from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { LabelBlobOptions, OnnxModel } from "patchstream/browser";

export interface Network {
  /** What runs it, in words for the page. */
  readonly runsOn: string;
  readonly predict: LabelBlobOptions["predict"];
}

type Runtime = typeof import("onnxruntime-web");
type Predict = Network["predict"];

/** More threads than this bring a small network nothing. */
const MOST_THREADS = 8;
/** ONNX Runtime's number. */
const ONLY_ERRORS = 3;
/** Logits of WebGPU may differ by this share of the largest one: sums in another order. A wrong operator is far off. */
const TOLERANCE = 0.01;

/** Loads a network of which `model` is told: onto the GPU where the browser has WebGPU and gets WebAssembly's numbers from it, else into WebAssembly. */
export async function openNetwork(bytes: Uint8Array, model: OnnxModel): Promise<Network> {
  const threads = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
  const why = globalThis.crossOriginIsolated ? "" : ": the page is served without cross-origin isolation";
  const inWasm = `WebAssembly, ${threads} ${threads === 1 ? "thread" : "threads"}${why}`;
  const gpu = await gpuName();
  if (gpu === undefined) {
    const runtime = await import("onnxruntime-web/wasm");
    setUp(runtime, threads, { mjs: wasmLoader, wasm });
    return { runsOn: inWasm, predict: await open(runtime, bytes, "wasm", model) };
  }
  const runtime = await import("onnxruntime-web/webgpu");
  setUp(runtime, threads, { mjs: webgpuLoader, wasm: webgpuWasm });
  const predict = await open(runtime, bytes, "wasm", model);
  try {
    const onGpu = await open(runtime, bytes, "webgpu", model);
    await checkAgainst(predict, onGpu, model);
    return { runsOn: `WebGPU, ${gpu}`, predict: onGpu };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { runsOn: `${inWasm}; WebGPU cannot run this model (${reason})`, predict };
  }
}

function setUp({ env }: Runtime, threads: number, files: { readonly mjs: string; readonly wasm: string }): void {
  const here = (url: string) => new URL(url, import.meta.url).href;
  env.wasm.wasmPaths = { mjs: here(files.mjs), wasm: here(files.wasm) };
  env.wasm.numThreads = threads;
  env.logLevel = "error";
}

async function open(runtime: Runtime, bytes: Uint8Array, on: "wasm" | "webgpu", model: OnnxModel): Promise<Predict> {
  const provider = on === "wasm" ? on : ({ name: on, forceCpuNodeNames: model.transposedConvolutions } as const);
  const session: InferenceSession = await runtime.InferenceSession.create(bytes, {
    executionProviders: [provider],
    logSeverityLevel: ONLY_ERRORS,
  });
  return async (window, batch, size) => {
    const image: Tensor = new runtime.Tensor("float32", window, [batch, model.channelNames.length, ...size]);
    const { logits } = await session.run({ image });
    if (logits === undefined) throw new Error("the model has no output called logits");
    return (await logits.getData()) as Float32Array;
  };
}

/** Throws where two networks give different logits for a small window. */
async function checkAgainst(one: Predict, other: Predict, { patchSize, channelNames }: OnnxModel): Promise<void> {
  const [z, y, x] = patchSize.map(smallWindow) as [number, number, number];
  const window = Float32Array.from({ length: channelNames.length * z * y * x }, (_, i) => Math.sin(i * i));
  const [want, got] = [await one(window, 1, [z, y, x]), await other(window, 1, [z, y, x])];
  let [largest, apart] = [0, 0];
  for (const [i, value] of want.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs(value - (got[i] ?? Number.NaN));
    apart = difference <= apart ? apart : difference; // NaN, too, is apart
  }
  if (!(apart <= TOLERANCE * largest)) throw new Error("its numbers are not those of WebAssembly");
}

/** A size that the network can halve as often as the plan's patch, with two voxels left. */
function smallWindow(patch: number): number {
  let power = 1;
  while (power < 64 && patch % (2 * power) === 0) power *= 2;
  return Math.min(patch, 2 * power);
}

/** What of `navigator.gpu` is used; not every TypeScript knows it. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly vendor?: string; readonly architecture?: string } } | null>;
}

/** The name of the GPU; undefined where there is none that WebGPU may use. */
async function gpuName(): Promise<string | undefined> {
  const { gpu } = navigator as Navigator & { readonly gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return undefined;
  return [adapter.info?.vendor, adapter.info?.architecture].filter(Boolean).join(" ") || "a GPU";
}
