import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32c as referenceCrc32c } from "./crc32c.reference.js";
import { type Crcs, loadNative } from "./native.js";

/** What every Node has. */
export const portable: Crcs = { crc32: zlibCrc32, crc32c: referenceCrc32c };

/** What this machine is faster with, where it is installed. */
export const native = loadNative();

/** The same numbers from both; chosen once, when this file is loaded. */
export const { crc32, crc32c } = native ?? portable;
