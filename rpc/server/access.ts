import type { ServiceName } from "../service.js";
import { AuditLog } from "./audit-log.js";
import { type ClientLimitOptions, ClientLimits } from "./client-limits.js";
import type { ServiceLog } from "./service-log.js";
import type { TokenOptions } from "./token-file.js";
import { AcceptedTokens } from "./tokens.js";

/** Who may call a service, how much, and where it is written down. */
export interface Access extends AsyncDisposable {
  readonly tokens: AcceptedTokens | undefined;
  readonly clients: ClientLimits;
  readonly audit: AuditLog | undefined;
}

/** Throws INPUT_DAMAGED and SPEC_INVALID for a file of tokens, WRITE_FAILED for an audit log that cannot be written. */
export function openAccess(
  service: ServiceName,
  options: TokenOptions & ClientLimitOptions & { readonly auditLog?: string },
  log: ServiceLog,
): Access {
  const { auditLog } = options;
  const audit = auditLog === undefined ? undefined : new AuditLog(auditLog, log);
  const tokens = AcceptedTokens.open(service, options, log);
  return {
    tokens,
    clients: new ClientLimits(options),
    audit,
    async [Symbol.asyncDispose]() {
      tokens?.[Symbol.dispose]();
    },
  };
}
