import { useState } from "preact/hooks";
import { isTokenWanted, signIn, signOut, token } from "./api/token.ts";
import { CachePage } from "./cache/cache-page.tsx";
import { linkTo, place } from "./router.ts";
import { SchemasPage } from "./schemas/schemas-page.tsx";
import { Banner } from "./status/banner.tsx";
import { StatusPage } from "./status/status-page.tsx";
import { TasksPage } from "./tasks/tasks-page.tsx";
import { Field, Note } from "./ui/parts.tsx";

const PAGES = [
  { name: "tasks", text: "Tasks", page: TasksPage },
  { name: "schemas", text: "Schemas", page: SchemasPage },
  { name: "cache", text: "Cache", page: CachePage },
  { name: "status", text: "Status", page: StatusPage },
] as const;

export function Shell() {
  const [here] = place.value;
  const { name, page: Page } = PAGES.find((page) => page.name === here) ?? PAGES[0];
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <span class="brand">Database connections</span>
        <nav aria-label="Console">
          {PAGES.map((page) => (
            <a
              key={page.name}
              href={linkTo(page.name)}
              {...(page.name === name ? { "aria-current": "page" as const } : {})}
            >
              {page.text}
            </a>
          ))}
        </nav>
        {token.value === "" ? null : (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      <Banner />
      <main id="main" tabIndex={-1}>
        {isTokenWanted.value ? <SignIn /> : <Page />}
      </main>
    </>
  );
}

function SignIn() {
  const [text, setText] = useState("");
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") signIn(text.trim());
      }}
    >
      <h1>Sign in</h1>
      <Field label="Token" secret value={text} onChange={setText} />
      <Note>The token stays in this tab and is forgotten when it closes.</Note>
      <button type="submit">Sign in</button>
    </form>
  );
}
