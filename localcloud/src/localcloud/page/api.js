// Asks the local cloud; its refusals become errors with the reason.

const BASE = "/_localcloud/";

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.error || `HTTP ${response.status}`);
  return body;
}

export async function get(path, query = {}) {
  const used = Object.entries(query).filter(([, v]) => v !== undefined && v !== "");
  const search = used.length ? `?${new URLSearchParams(used)}` : "";
  return answer(await fetch(`${BASE}${path}${search}`));
}

export async function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return answer(await fetch(`${BASE}${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

// One stream for the whole page. A browser opens it again by itself when the cloud was away.
export function follow(changed, live) {
  const stream = new EventSource(`${BASE}stream`);
  stream.addEventListener("message", () => { live(true); changed(); });
  stream.addEventListener("error", () => live(false));
}
