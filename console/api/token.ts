// The token that the server may ask for. It stays in this tab, and is gone with it.
import { signal } from "@preact/signals";

const STORED_AS = "dbconn.token";

export const token = signal(sessionStorage.getItem(STORED_AS) ?? "");
/** The server refused a call for want of a good token. */
export const isTokenWanted = signal(false);
/** Counts sign-ins, so that what failed without a token is asked for again. */
export const signIns = signal(0);

export function askForToken(): void {
  isTokenWanted.value = true;
}

export function signIn(text: string): void {
  sessionStorage.setItem(STORED_AS, text);
  token.value = text;
  isTokenWanted.value = false;
  signIns.value += 1;
}

export function signOut(): void {
  sessionStorage.removeItem(STORED_AS);
  token.value = "";
  isTokenWanted.value = true;
}
