/** What must survive a crash: files that are whole or not there, and locks that one process holds. */
export { type LockOptions, lockFolder } from "./process-lock.js";
export { type Content, type Files, makeFolder, replaceFile, replaceFiles } from "./write-file.js";
