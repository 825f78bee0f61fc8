/** Files and folders: read with a clear word where they are not what they should be, written whole or not at all, held by one process. */
export { whyNotRead, whyNotWritten } from "./file-faults.js";
export { removeLeftBehind } from "./left-behind.js";
export { machineBytes } from "./machine-memory.js";
export { nearName } from "./near-name.js";
export { npyBytes } from "./npy.js";
export { type LockOptions, lockFolder } from "./process-lock.js";
export { checkNamedFolder, lookAtNamed, readNamedFile, readNamedJson } from "./read-file.js";
export { RenewedFiles, type RenewedFilesOptions } from "./renewed-files.js";
export { toldPieces } from "./told-pieces.js";
export { type Content, type Files, makeFolder, replaceFile, replaceFiles } from "./write-file.js";
