import { type Preparation, parsePreparation } from "../../loader/browser.js";
import { type LabelSet, PatchstreamError, type Zyx } from "../../plan/index.js";
import { type Axis, type OnnxOutline, outputCount, readOnnx, type TrainedOn } from "../../trainer/browser.js";

/** What an ONNX file of `patchstream export` says of itself: all that a prediction needs beside the network. */
export interface OnnxModel {
  /** Its file. */
  readonly file: string;
  /** The data set that it was trained on. */
  readonly dataset: string;
  readonly channelNames: readonly string[];
  readonly labelSet: LabelSet;
  readonly preparation: Preparation;
  /** The plan's patch (Z,Y,X): the windows. */
  readonly patchSize: Zyx;
  /** Axes that training mirrored along: those of test-time mirroring. */
  readonly mirrorAxes: readonly Axis[];
  /** Values a voxel of the network's output. */
  readonly outputs: number;
  /** Names of its transposed convolutions: ONNX Runtime's WebGPU has none in 3-D, and leaves those that it is told of to WebAssembly. */
  readonly transposedConvolutions: readonly string[];
}

/** The metadata `patchstream` that `exportOnnx` writes. */
interface OnnxFacts extends TrainedOn {
  readonly patchSize: Zyx;
  readonly mirrorAxes: readonly Axis[];
}

/** Reads what an ONNX file says of itself, not its weights. Throws INPUT_DAMAGED calling the file `file`. */
export function readOnnxModel(file: string, bytes: Uint8Array): OnnxModel {
  const outline = outlineOf(file, bytes);
  const { name, channelNames, labelSet, patchSize, mirrorAxes, plans } = factsOf(file, outline);
  try {
    return {
      file,
      dataset: name,
      channelNames,
      labelSet,
      preparation: parsePreparation(plans, channelNames.length),
      patchSize,
      mirrorAxes,
      outputs: outputCount(labelSet),
      transposedConvolutions: outline.nodes.flatMap((node) => (node.operator === "ConvTranspose" ? [node.name] : [])),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const want = "of a model whose training data was preprocessed as nnU-Net's default is";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
  }
}

function outlineOf(file: string, bytes: Uint8Array): OnnxOutline {
  try {
    return readOnnx(bytes);
  } catch (cause) {
    throw notOurs(file, "it is no ONNX file", cause);
  }
}

function factsOf(file: string, { texts }: OnnxOutline): OnnxFacts {
  const text = texts.get("patchstream");
  if (text === undefined) throw notOurs(file, "it does not say how images are preprocessed");
  try {
    return JSON.parse(text) as OnnxFacts;
  } catch (cause) {
    throw notOurs(file, "what it says of its preprocessing is no JSON", cause);
  }
}

function notOurs(file: string, reason: string, cause?: unknown): PatchstreamError {
  const want = "an ONNX file that patchstream export --to onnx wrote";
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
}
