import type { PlainUnet } from "./plain-unet/network.js";
import type { ResidualUnet } from "./residual-unet/network.js";

/** A network as data: what every engine builds from. Sizes and strides are Z,Y,X. */
export type NetworkDescription = PlainUnet | ResidualUnet;
