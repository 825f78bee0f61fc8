import { PatchstreamError } from "../plan/errors.js";

/** What a module of the user's must be, in the words of an error, and the page that says how one is written. */
export interface WantedModule {
  /** The function that it exports. */
  readonly exports: string;
  readonly want: string;
  readonly page: string;
}

/** The function that a module of the user's exports, and the error for what that function gives. `open` throws INPUT_DAMAGED for what is no error of ours. */
export interface UserModule {
  readonly open: (...args: readonly unknown[]) => Promise<unknown>;
  readonly refused: (reason: string, cause?: unknown) => PatchstreamError;
}

/** Imports the module at `url`. Throws INPUT_DAMAGED where it cannot be imported, or exports no such function. */
export async function importUserModule(url: string, { exports, want, page }: WantedModule): Promise<UserModule> {
  const refused = (reason: string, cause?: unknown) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file: url, reason, want }, `See ${page}.`, { cause });
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(url);
  } catch (error) {
    throw refused(`it cannot be imported: ${said(error)}`, error);
  }
  const open = module[exports];
  if (typeof open !== "function") throw refused(`it exports no function ${exports}`);
  const opened = async (...args: readonly unknown[]): Promise<unknown> => {
    try {
      return await open(...args);
    } catch (error) {
      throw error instanceof PatchstreamError ? error : refused(`${exports} failed: ${said(error)}`, error);
    }
  };
  return { open: opened, refused };
}

/** Anything may be thrown. */
function said(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
