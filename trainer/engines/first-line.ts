/** What a library says of why it does not load, without the advice that follows on further lines. */
export function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return (message.split("\n")[0] ?? "").trim().replace(/\.$/, "");
}
