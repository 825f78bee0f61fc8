let quiet = false;

/** `--quiet` was given, or not: of the command that this process runs. */
export function setQuiet(isSo: boolean): void {
  quiet = isSo;
}

/** No progress is shown: neither bars nor lines. Answers and failures are. */
export function isQuiet(): boolean {
  return quiet;
}
