import { readNamedFile } from "../../disk/read-file.js";
import { PatchstreamError } from "../../plan/errors.js";

/** The token that calls carry: one that was given, or the one that a file holds when a call begins. */
export interface SentToken {
  readonly token?: string;
  readonly tokenFile?: string;
}

/**
 * Gives the token for each call; undefined where there is none. Of a file that cannot be read any more, or holds no token, the last one
 * stays. Throws INPUT_DAMAGED for such a file at first, UNAUTHENTICATED for what no header can carry.
 */
export function tokenSource({ token, tokenFile }: SentToken, flagPrefix: string): () => string | undefined {
  if (tokenFile === undefined) {
    if (token !== undefined) checkPrintable(token, flagPrefix);
    return () => token;
  }
  let last = readToken(tokenFile, flagPrefix);
  return () => {
    try {
      last = readToken(tokenFile, flagPrefix);
    } catch {} // it is being exchanged, or the server says that the last one is good no more
    return last;
  };
}

function readToken(file: string, flagPrefix: string): string {
  const want = `a file with a token (--${flagPrefix}token-file)`;
  const token = readNamedFile(file, want).toString().trim();
  if (token === "") throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it is empty", want });
  checkPrintable(token, flagPrefix);
  return token;
}

/** Without the value: an error may be printed and logged. */
function checkPrintable(token: string, flagPrefix: string): void {
  if (/^[\x20-\x7e]+$/.test(token)) return;
  throw new PatchstreamError(
    { code: "UNAUTHENTICATED", reason: "a token is one or more printable ASCII characters" },
    `Look at the file of --${flagPrefix}token-file: it must hold the token alone.`,
  );
}
