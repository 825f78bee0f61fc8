/** A slow disk takes about a second for so many. */
const PIECE_BYTES = 8 << 20;

/** The bytes of `pieces` in pieces that are not large; before each of them and at the end `tell` hears how many bytes are done. */
export function* toldPieces(
  pieces: readonly Uint8Array[],
  tell: (bytes: number, total: number) => void,
): Generator<Uint8Array> {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      tell(done, total);
      const part = piece.subarray(at, at + PIECE_BYTES);
      yield part;
      done += part.length;
    }
  tell(done, total);
}
