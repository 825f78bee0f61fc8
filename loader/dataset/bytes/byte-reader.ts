/** Where a store's bytes come from. Keys begin with "/". */
export interface ByteReader {
  /** How arrays are best read from here. */
  readonly reads: ReadSizes;
  /**
   * A whole file; undefined where there is none. Of a file whose SHA-256 (hex) is given, a kept copy will do, and where asking takes long
   * also `likely`, what such a file most often holds, if it has that SHA-256.
   */
  get(key: string, sha256?: string, likely?: () => Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * What `reading` makes of a shard that stays open meanwhile. `indexSha256` is that of its index, which pins all its bytes: a kept copy
   * of such a shard will do. Throws where there is none.
   */
  use<Value>(key: string, indexSha256: string, reading: (file: OpenFile) => Promise<Value>): Promise<Value>;
}

/** Sizes in bytes. */
export interface ReadSizes {
  /** Most that is read in one go, where no chunk is larger. */
  readonly bytes: number;
  /** Between two chunks: read along, since that takes less time than another read would. */
  readonly gapBytes: number;
  /** Reads of one array under way at once. */
  readonly atOnce: number;
}

/** A shard that is open. */
export interface OpenFile {
  /** Fills `target` with the shard's last bytes, and returns the bytes of all of it. Throws where it is shorter. */
  readEnd(target: Uint8Array): Promise<number>;
  /** Fills `target` with the bytes from `offset` on. Throws where the shard ends before. */
  read(target: Uint8Array, offset: number): Promise<void>;
  /**
   * As `read`, but from the origin, and in place of what is kept of it: for bytes that were found damaged. Absent where a second read
   * would only give the same bytes.
   */
  readAgain?(target: Uint8Array, offset: number): Promise<void>;
}
