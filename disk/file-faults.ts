/** What the system's error codes mean for somebody who wanted to read a file. */
const NOT_READ: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file: a part of its path is a file, not a folder",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is longer than the system allows",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk failed to read it",
};

const NOT_WRITTEN: Readonly<Record<string, string>> = {
  ENOENT: "its folder is gone",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "a folder has this name",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system can only be read",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EFBIG: "it would be longer than the system allows",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is longer than the system allows",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk failed to write it",
  ENXIO: "nobody reads the pipe that it is",
  EAGAIN: "who reads the pipe that it is does not follow",
};

/** Why a file was not read, without its name: the system's own words name it again. */
export function whyNotRead(error: unknown): string {
  return wordsFor(error, NOT_READ);
}

/** Why a file was not written, without its name. */
export function whyNotWritten(error: unknown): string {
  return wordsFor(error, NOT_WRITTEN);
}

function wordsFor(error: unknown, words: Readonly<Record<string, string>>): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return words[code] ?? error.message;
}
