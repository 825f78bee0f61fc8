import type { Transform } from "../../../../plan/augment/transform.js";
import { applyBlur } from "./blur.js";
import type { Channel, Tools } from "./channel.js";
import { applyBrightness, applyContrast, applyGamma } from "./intensity.js";
import { applyLowResolution } from "./low-resolution.js";
import { applyMask } from "./mask.js";
import { applyNoise } from "./noise.js";

/** Applies the transforms of a sample to one of its channels, in order. The answer says where the values then lie. */
export function applyTransforms(transforms: readonly Transform[], channel: Channel, tools: Tools): Channel {
  return transforms.reduce((current, transform) => applyTransform(transform, current, tools), channel);
}

/** Whether the values of channel `index` lie where its spare memory was once all of them are applied. */
export function endsInSpare(transforms: readonly Transform[], index: number): boolean {
  let swaps = false;
  for (const transform of transforms) {
    if (transform.kind === "blur" && isGiven(transform.sigmas[index])) swaps = !swaps;
    if (transform.kind === "low-resolution" && isGiven(transform.zooms[index])) swaps = !swaps;
  }
  return swaps;
}

function isGiven<Parameter>(parameter: Parameter | null | undefined): parameter is Parameter {
  return parameter !== null && parameter !== undefined;
}

function applyTransform(transform: Transform, channel: Channel, tools: Tools): Channel {
  const { index } = channel;
  switch (transform.kind) {
    case "noise":
      return applyNoise(transform, channel, tools);
    case "blur":
      return given(transform.sigmas[index], channel, (sigmas) => applyBlur(sigmas, channel, tools));
    case "brightness":
      return given(transform.factors[index], channel, (factor) => applyBrightness(factor, channel, tools));
    case "contrast":
      return given(transform.factors[index], channel, (factor) => applyContrast(factor, channel, tools));
    case "low-resolution":
      return given(transform.zooms[index], channel, (zooms) => applyLowResolution(zooms, channel, tools));
    case "gamma":
      return given(transform.gammas[index], channel, (exponent) => {
        return applyGamma(exponent, transform.inverted, channel, tools);
      });
    case "mask":
      return transform.channels.includes(index) ? applyMask(channel, tools) : channel;
    case "spatial": // both are done when the box is read
    case "mirror":
      return channel;
  }
}

/** Channels without a parameter stay as they are. */
function given<Parameter>(
  parameter: Parameter | null | undefined,
  channel: Channel,
  apply: (parameter: Parameter) => Channel,
): Channel {
  return isGiven(parameter) ? apply(parameter) : channel;
}
