import type { PlainUnet } from "./plain-unet/network.js";
import type { ResidualUnet } from "./residual-unet/network.js";
import type { SwinUnetr } from "./swin-unetr/network.js";
import type { Unetr } from "./unetr/network.js";

/** A network as data: what every engine builds from. Sizes and strides are Z,Y,X. */
export type NetworkDescription = PlainUnet | ResidualUnet | Unetr | SwinUnetr;
