import { type ChannelCredentials, credentials, experimental, type VerifyOptions } from "@grpc/grpc-js";
import { RenewedFiles } from "../../disk/renewed-files.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Credentials } from "./socket.js";

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** What connections are made with: read again when the files change, while gRPC has a use for it. */
export class ClientCertificates implements experimental.CertificateProvider {
  readonly #files: RenewedFiles<Credentials>;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();

  /** Throws what `read` throws. Files that have changed and cannot be taken give a warning, and change nothing. */
  constructor(files: readonly string[], read: () => Credentials) {
    this.#files = new RenewedFiles<Credentials>({
      files,
      read,
      onRenewed: (pem) => {
        for (const listener of this.#caListeners) tellCa(listener, pem);
        for (const listener of this.#identityListeners) tellIdentity(listener, pem);
      },
      onRefused: (error) =>
        process.emitWarning(error instanceof PatchstreamError ? error.message : String(error), "PatchstreamWarning"),
    });
  }

  /** The newest that could be read. */
  get pem(): Credentials {
    return this.#files.value;
  }

  /** gRPC's credentials, which look at `this` for each connection. */
  forGrpc(verify: VerifyOptions): ChannelCredentials {
    const { ca, key } = this.pem;
    if (ca === undefined && key === undefined) return credentials.createSsl(null, null, null, verify);
    return experimental.createCertificateProviderChannelCredentials(this, key === undefined ? null : this, verify);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    this.#files.start();
    process.nextTick(() => tellCa(listener, this.pem));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
    this.#stopIfUnused();
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    this.#files.start();
    process.nextTick(() => tellIdentity(listener, this.pem));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
    this.#stopIfUnused();
  }

  #stopIfUnused(): void {
    if (this.#caListeners.size + this.#identityListeners.size === 0) this.#files[Symbol.dispose]();
  }
}

function tellCa(listener: CaListener, { ca }: Credentials): void {
  // Without one Node.js takes the system's; grpc-js (1.14) passes it on as it is, and its type says otherwise.
  listener({ caCertificate: ca as Buffer });
}

function tellIdentity(listener: IdentityListener, { cert, key }: Credentials): void {
  if (cert !== undefined && key !== undefined) listener({ certificate: cert, privateKey: key });
}
