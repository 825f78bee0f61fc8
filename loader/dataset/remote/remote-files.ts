/** The files of a store that is reached by HTTP, and what its servers mean by their answers. */
export interface RemoteFiles {
  /** What messages call the store: its address without anything secret. */
  readonly name: string;
  /** The host that is asked. */
  readonly host: string;
  /** How a file is asked for. Keys begin with "/". */
  request(key: string): Promise<FileRequest>;
  /** What may be done where the server refuses (401, 403) or sends elsewhere (301). */
  readonly refusedHint: string;
}

export interface FileRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A key as a path of a URL. */
export function pathOf(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

/** An address as messages show it: without what may be secret in it. */
export function shownAddress(address: string): string {
  return address
    .replace(/[?#].*$/s, "")
    .replace(/\/\/[^/@]*@/, "//")
    .replace(/\/+$/, "");
}

/** Undefined where `text` is no URL. */
export function parsedUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
