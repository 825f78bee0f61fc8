export { crc32, crc32c, native, portable } from "./crc.js";
export type { Crcs } from "./native.js";
