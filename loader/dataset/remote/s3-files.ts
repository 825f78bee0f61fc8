import { createRequire } from "node:module";
import { refuse } from "../../../plan/errors.js";
import { parsedUrl, pathOf, type RemoteFiles, shownAddress } from "./remote-files.js";

/**
 * A store in a bucket, at `s3://BUCKET/PREFIX`. Keys, region and endpoint come from the environment variables that other S3 clients
 * read; without keys, requests are not signed. Throws SPEC_INVALID.
 */
export function s3Files(address: string, environment: NodeJS.ProcessEnv): RemoteFiles {
  const name = shownAddress(address);
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9._-]*)(\/.*)?$/i.exec(name) ?? [];
  if (bucket === undefined) return refuse("store", name, "an address such as s3://bucket/prefix");
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || "us-east-1";
  const base = endpointOf(bucket, region, environment);
  const keys = keysOf(environment);
  return {
    name,
    host: base.host,
    async request(key) {
      const url = `${base.origin}${base.pathname.replace(/\/+$/, "")}${pathOf(`${prefix}${key}`)}`;
      if (keys === undefined) return { url, headers: {} };
      const { AwsV4Signer } = loadSigner();
      const { headers } = await new AwsV4Signer({ url, service: "s3", region, ...keys }).sign();
      return { url, headers: Object.fromEntries(headers) };
    },
    refusedHint:
      keys === undefined
        ? "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) where the bucket is not public; S3 refuses also what is not there."
        : `Are the keys those of this bucket, and is its region AWS_REGION (now ${region})? S3 refuses also what is not there where the keys may not list.`,
  };
}

/** `https://BUCKET.s3.REGION.amazonaws.com/`; at another endpoint, and for buckets with dots, `ENDPOINT/BUCKET`. */
function endpointOf(bucket: string, region: string, environment: NodeJS.ProcessEnv): URL {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  const url = parsedUrl(endpoint || `https://s3.${region}.amazonaws.com`);
  if (url === undefined) return refuse("AWS_ENDPOINT_URL", endpoint, "an address such as https://host:port");
  if (!endpoint && !bucket.includes(".")) url.hostname = `${bucket}.${url.hostname}`;
  else url.pathname = `${url.pathname.replace(/\/+$/, "")}/${bucket}`;
  return url;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

function keysOf({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
}: NodeJS.ProcessEnv): Keys | undefined {
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId) return refuse("AWS_ACCESS_KEY_ID", undefined, "set where AWS_SECRET_ACCESS_KEY is");
  if (!secretAccessKey) return refuse("AWS_SECRET_ACCESS_KEY", undefined, "set where AWS_ACCESS_KEY_ID is");
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** What of aws4fetch is used. */
interface Signing {
  readonly AwsV4Signer: new (
    request: Keys & { readonly url: string; readonly service: "s3"; readonly region: string },
  ) => { sign(): Promise<{ readonly headers: Headers }> };
}

/** Loaded only where a bucket is read with keys. */
function loadSigner(): Signing {
  return createRequire(import.meta.url)("aws4fetch");
}
