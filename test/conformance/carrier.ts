import { fileURLToPath } from "node:url";
import type { ImplementationFn, TestFn } from "ava";
import type { Carrier } from "../../rpc/carrier.js";

/** A file of `certificates/`. */
export function pem(name: string): string {
  return fileURLToPath(new URL(`../../../test/conformance/certificates/${name}`, import.meta.url));
}

/**
 * What the rules are held over: `CONFORMANCE_CARRIER` is `grpc` (the default) or `lane`, `CONFORMANCE_TLS=1` has both over TLS, and
 * `CONFORMANCE_ADDRESS` is that of a server of the sample store that is held to them instead of ours.
 */
export const CARRIER: Carrier = process.env.CONFORMANCE_CARRIER === "lane" ? "lane" : "grpc";
export const ADDRESS = process.env.CONFORMANCE_ADDRESS;
const isTls = process.env.CONFORMANCE_TLS === "1";

export const SERVER_TLS: { readonly tls?: { readonly cert: string; readonly key: string } } = isTls
  ? { tls: { cert: pem("server.pem"), key: pem("server.key") } }
  : {};
export const CLIENT_TLS: { readonly tls?: { readonly ca: string } } = isTls
  ? { tls: { ca: pem("authority.pem") } }
  : {};

/**
 * Declares rules of which what carries the streams has no part: over a lane or TLS they run the same code, and are left out where
 * `CONFORMANCE_RULES` is `carried`.
 */
export function testsOfAnyCarrier(test: TestFn): (rule: string, implementation: ImplementationFn<[]>) => void {
  const areHeld = process.env.CONFORMANCE_RULES !== "carried" || (CARRIER === "grpc" && !isTls);
  return areHeld ? test : () => {};
}
