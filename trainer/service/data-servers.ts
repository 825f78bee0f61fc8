import { connect } from "../../client/connect.js";
import type { ConnectOptions, DatasetInfo, RunInfo } from "../../client/types.js";
import { refuse } from "../../plan/errors.js";
import type { DataSpecInput } from "../../plan/run-spec/data-spec.js";
import { checkSecrets } from "../../rpc/client/channel.js";
import { isThisMachine, parseTarget } from "../../rpc/client/target.js";

/** How a trainer reaches data servers, and which. */
export interface DataAccess {
  /** TLS, token, deadline. */
  readonly connection: ConnectOptions;
  /** The only addresses that are ever called, as callers must write them. Empty: any, with nothing secret. */
  readonly servers: readonly string[];
}

/** Waiting for an answer to a first call: who is not there by then is told so. */
const FIRST_ANSWER_MS = 5_000;

/**
 * Throws SPEC_INVALID where a token or a certificate could go to a server that was not named when the trainer was started, or a
 * token without TLS to another machine, and INPUT_DAMAGED for a file of a certificate or a token that is none. Callers name addresses: they must not get the token by naming their own.
 */
export function checkAccess({ connection, servers }: DataAccess): void {
  checkSecrets(connection);
  const { tls, token, tokenFile } = connection;
  const hasToken = token !== undefined || tokenFile !== undefined;
  const secret = hasToken ? "a token" : tls?.key !== undefined || tls?.cert !== undefined ? "a certificate" : undefined;
  if (secret === undefined) return;
  if (servers.length === 0)
    refuse("data servers", [], `named for ${secret} to be sent to them`, "Name them with --data-servers host:port,...");
  const open =
    hasToken && tls === undefined ? servers.find((server) => !isThisMachine(parseTarget(server))) : undefined;
  if (open !== undefined)
    refuse(
      "data servers",
      open,
      "on this machine for a token to go there without TLS",
      "Give --data-tls or --data-tls-ca.",
    );
}

/** Throws SPEC_INVALID unless `addresses` may be called. */
export function checkAddresses({ servers }: DataAccess, addresses: readonly string[]): void {
  if (addresses.length === 0 || addresses.includes(""))
    refuse("data", addresses, "host:port of one data server or more");
  const strange = servers.length === 0 ? undefined : addresses.find((address) => !servers.includes(address));
  if (strange !== undefined) refuse("data", strange, `one of this trainer's data servers: ${servers.join(", ")}`);
}

/**
 * Asks `addresses` to describe a run and its data set, so that the caller learns at once what they refuse. Throws SPEC_INVALID,
 * UNAUTHENTICATED, or UNAVAILABLE or DEADLINE where none answers in a few seconds.
 */
export async function describeAt(
  access: DataAccess,
  addresses: readonly string[],
  spec: DataSpecInput,
): Promise<{ readonly run: RunInfo; readonly dataset: DatasetInfo }> {
  checkAddresses(access, addresses);
  const { deadlineMs = FIRST_ANSWER_MS, waitMs = 0 } = access.connection;
  const first = { deadlineMs: Math.min(deadlineMs, FIRST_ANSWER_MS) + waitMs };
  await using client = connect(addresses, { ...access.connection, ...first });
  return { run: await client.describeRun(spec), dataset: await client.describeDataset() };
}
