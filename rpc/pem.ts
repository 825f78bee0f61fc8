import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readNamedFile } from "../disk/read-file.js";
import { PatchstreamError } from "../plan/errors.js";

/** A certificate and the key that it was made for, as PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The certificate of an authority that the other side's must be signed by, as PEM. Throws INPUT_DAMAGED naming file and flag. */
export function readAuthority(file: string, prefix = ""): Buffer {
  return readCertificate(file, `--${prefix}tls-ca`).bytes;
}

/**
 * Reads both files and checks what OpenSSL would refuse later in words of its own. `prefix` stands before the names of flags in
 * errors. Throws INPUT_DAMAGED naming file and flag, or both files where they do not belong together.
 */
export function readKeyPair({ cert, key }: { readonly cert: string; readonly key: string }, prefix = ""): KeyPair {
  const { bytes, certificate } = readCertificate(cert, `--${prefix}tls-cert`);
  const secret = readKey(key, `--${prefix}tls-key`);
  if (!certificate.checkPrivateKey(secret.key))
    throw damaged(key, `it does not belong to the certificate ${cert}`, "the key of that certificate");
  return { cert: bytes, key: secret.bytes };
}

function readCertificate(
  file: string,
  flag: string,
): { readonly bytes: Buffer; readonly certificate: X509Certificate } {
  const want = `a PEM certificate (${flag})`;
  const bytes = readNamedFile(file, want);
  try {
    return { bytes, certificate: new X509Certificate(bytes) };
  } catch (cause) {
    throw damaged(file, "it holds no certificate that can be read", want, cause);
  }
}

function readKey(file: string, flag: string): { readonly bytes: Buffer; readonly key: KeyObject } {
  const want = `a PEM key without a passphrase (${flag})`;
  const bytes = readNamedFile(file, want);
  try {
    return { bytes, key: createPrivateKey(bytes) };
  } catch (cause) {
    throw damaged(file, "it holds no key that can be read", want, cause);
  }
}

function damaged(file: string, reason: string, want: string, cause?: unknown): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
}
