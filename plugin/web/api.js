// Requests to the worker that served this page, and to no one else. The token comes in the address's fragment, is kept
// for this tab and taken out of the address bar at once.

const ROOT = new URL(".", document.baseURI);

/** What the worker says went wrong; `status` 0: it could not be reached. */
export class Trouble extends Error {
  constructor({ type, message, status }) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** Takes the token and the session out of "#token=...&session=...". */
export function readFragment() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (said.get("token")) sessionStorage.setItem("tam-token", said.get("token"));
  const session = said.get("session") ?? "";
  history.replaceState(null, "", session ? `#session=${session}` : location.pathname + location.search);
  return { session };
}

export function showSession(id) {
  history.replaceState(null, "", `#session=${id}`);
}

export const headers = () => ({ Authorization: `Bearer ${sessionStorage.getItem("tam-token") ?? ""}` });

export const address = (path) => new URL(path.startsWith("/") ? `.${path}` : `api/${path}`, ROOT);

/** The answer's JSON. Raises Trouble. */
export async function call(method, path, body) {
  const response = await request(method, path, body);
  return response.status === 204 ? null : response.json();
}

/** A picture or file. Raises Trouble. */
export async function blob(path, signal) {
  return (await request("GET", path, undefined, signal)).blob();
}

async function request(method, path, body, signal) {
  const sent = body === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(address(path), {
      method,
      headers: { ...headers(), ...sent },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble({
      type: "NotReachable",
      message: "The worker does not answer. Is tam serve still running?",
      status: 0,
    });
  }
  if (!response.ok) throw await problem(response);
  return response;
}

export async function problem(response) {
  try {
    return new Trouble(await response.json());
  } catch {
    return new Trouble({
      type: "HttpError",
      message: `The worker answered ${response.status}`,
      status: response.status,
    });
  }
}

/** Sends a file; `onprogress` gets 0..1. Not fetch, which does not tell how far an upload is. */
export function upload(file, onprogress) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", address(`uploads?name=${encodeURIComponent(file.name)}`));
    for (const [name, value] of Object.entries(headers())) sending.setRequestHeader(name, value);
    sending.upload.onprogress = (event) => onprogress(event.loaded / event.total);
    sending.onload = () => {
      const answer = JSON.parse(sending.responseText || "{}");
      if (sending.status < 300) resolve(answer);
      else reject(new Trouble({ message: `The worker answered ${sending.status}`, status: sending.status, ...answer }));
    };
    sending.onerror = () =>
      reject(new Trouble({ type: "NotReachable", message: `${file.name} could not be sent`, status: 0 }));
    sending.send(file);
  });
}

/** Fetches a job's file and hands it to the browser's downloads, under the name that the worker gave it. */
export async function download(path) {
  const response = await request("GET", path);
  const said = response.headers.get("Content-Disposition") ?? "";
  const name = /filename\*=utf-8''([^;]+)/i.exec(said)?.[1] ?? /filename="([^"]+)"/.exec(said)?.[1] ?? "export";
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = decodeURIComponent(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
