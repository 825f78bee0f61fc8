import { refuse } from "../../../plan/errors.js";
import { parsedUrl, pathOf, type RemoteFiles, shownAddress } from "./remote-files.js";

/** The value of the Authorization header for stores at https:// (at http:// for this machine only). */
const AUTHORIZATION = "PATCHSTREAM_STORE_AUTHORIZATION";

/**
 * A store that a web server has, at `https://HOST/PATH`. A query (`?sv=...&sig=...`) goes with every request, as signed addresses of
 * folders need it. Throws SPEC_INVALID.
 */
export function httpFiles(address: string, environment: NodeJS.ProcessEnv): RemoteFiles {
  const name = shownAddress(address);
  const url = parsedUrl(address);
  if (url === undefined) return refuse("store", name, "an address such as https://host/path");
  if (url.username !== "" || url.password !== "")
    refuse("store", name, `an address without a password, which others could read; set ${AUTHORIZATION} instead`);
  const { origin, host, search } = url;
  const folder = url.pathname.replace(/\/+$/, "");
  const authorization = environment[AUTHORIZATION];
  const isSafe = url.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const headers = authorization && isSafe ? { authorization } : {};
  return {
    name,
    host,
    request: async (key) => ({ url: `${origin}${folder}${pathOf(key)}${search}`, headers }),
    refusedHint: `Is ${AUTHORIZATION} set to what the server wants, such as "Bearer TOKEN"?`,
  };
}
