import { useState } from "preact/hooks";
import type { Trouble } from "../messages.js";

/** Asks for a token: there is none yet, or it is accepted no more. */
export function SignIn({ trouble, onToken }: { trouble: Trouble; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  return (
    <main class="sign-in">
      <h1>patchstream</h1>
      <p role="alert">
        <strong>A token is needed.</strong> {trouble.message}
      </p>
      <p>
        Open the address that <code>patchstream dashboard</code> printed: the token stands behind its <code>#</code>.
        Where tokens come from a file (<code>--token-file</code>), give yours here. It is forgotten when this tab
        closes.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onToken(token.trim());
        }}
      >
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit">Open</button>
      </form>
    </main>
  );
}
