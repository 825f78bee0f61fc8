/** Who makes a call, as far as it has shown. */
export interface Caller {
  /** host:port, or unix:/path of the server's socket */
  readonly peer: string;
  /** Subject of its certificate, such as `CN=node-7, O=Site`. */
  readonly certificate?: string;
  /** Name of its token; `line 3` for one without. */
  readonly token?: string;
  /** Aborts when its token is accepted no more. */
  readonly revoked?: AbortSignal;
}

/** What a call can tell of its caller before its token is looked at. */
export interface Introduced {
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly subject: object } };
}

export function callerOf(call: Introduced): Caller {
  const subject = call.getAuthContext().sslPeerCertificate?.subject;
  const peer = call.getPeer();
  return subject === undefined ? { peer } : { peer, certificate: subjectText(subject) };
}

function subjectText(subject: object): string {
  return Object.entries(subject)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(", ");
}

/** Whom limits count as one client: a token's holders, else a certificate's, else all ports of a host. */
export function clientOf({ peer, token, certificate }: Caller): string {
  if (token !== undefined) return `token ${token}`;
  if (certificate !== undefined) return `certificate ${certificate}`;
  return peer.replace(/:\d+$/, "");
}
