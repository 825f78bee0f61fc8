import { X509Certificate } from "node:crypto";
import { type SecureContextOptions, Server as TlsServer } from "node:tls";
import { RenewedFiles } from "../../disk/renewed-files.js";
import { readAuthority, readKeyPair } from "../pem.js";
import type { ServerTls } from "./listen.js";
import { refusedRenewal, type ServiceLog } from "./service-log.js";

/** A server's PEM files, checked. */
export interface ServedPem {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
}

function readPem({ cert, key, ca }: ServerTls): ServedPem {
  return { ...readKeyPair({ cert, key }), ca: ca === undefined ? undefined : readAuthority(ca) };
}

/**
 * The certificates that listeners show and trust, exchanged while they listen when the files change. Connections that are open go on
 * with those that they began with. Files that cannot be taken are logged, and change nothing.
 */
export class ServedCertificates implements Disposable {
  readonly #files: RenewedFiles<ServedPem>;
  readonly #listeners = new Set<TlsServer>();

  /** Throws INPUT_DAMAGED. */
  constructor(tls: ServerTls, log: ServiceLog) {
    const { cert, key, ca } = tls;
    this.#files = new RenewedFiles<ServedPem>({
      files: [cert, key, ...(ca === undefined ? [] : [ca])],
      read: () => readPem(tls),
      onRenewed: (pem) => {
        for (const listener of this.#listeners) listener.setSecureContext(contextOf(pem));
        log({ event: "certificate-renewed", validTo: validTo(pem) });
      },
      onRefused: (error) => log(refusedRenewal(error)),
    }).start();
  }

  /** What is shown now. */
  get pem(): ServedPem {
    return this.#files.value;
  }

  /** When the certificate that is shown now ends, in milliseconds since 1970. */
  get expiresMs(): number {
    return Date.parse(validTo(this.pem));
  }

  /** Keeps what these listeners show as the files are. */
  keep(listeners: Iterable<NodeJS.EventEmitter>): void {
    for (const listener of listeners) if (listener instanceof TlsServer) this.#listeners.add(listener);
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
    this.#listeners.clear();
  }
}

function validTo({ cert }: ServedPem): string {
  return new X509Certificate(cert).validTo;
}

function contextOf({ cert, key, ca }: ServedPem): SecureContextOptions {
  return { cert, key, ...(ca !== undefined && { ca }) };
}
