// The worker's server-sent events over fetch (EventSource cannot send a token). After a break it goes on from the last
// event that came; what was missed for good the worker turns into "ask for the state".

import { address, headers, problem } from "./api.js";

const SILENCE = 40000; // the worker says something every 15 s

/** Listens until stop() is called. `handlers`: event(data), up(), down(), gone(status) for 401 and 404. */
export function listen(path, handlers) {
  const life = new AbortController();
  follow(path, handlers, life);
  return () => life.abort();
}

async function follow(path, handlers, life) {
  const place = { last: "" };
  for (let wait = 300; !life.signal.aborted; wait = Math.min(wait * 1.6, 5000)) {
    try {
      await once(path, handlers, life, place, () => (wait = 300));
    } catch (error) {
      if (life.signal.aborted) return;
      if (error.status === 401 || error.status === 404) return handlers.gone(error.status);
    }
    if (life.signal.aborted) return;
    handlers.down();
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function once(path, handlers, life, place, up) {
  const attempt = new AbortController();
  const stop = () => attempt.abort();
  life.signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE);
  try {
    const resume = place.last ? { "Last-Event-ID": place.last } : {};
    const response = await fetch(address(path), {
      headers: { ...headers(), ...resume },
      signal: attempt.signal,
      cache: "no-store",
    });
    if (!response.ok) throw await problem(response);
    up();
    handlers.up();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE);
      const parts = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = parts.pop();
      for (const part of parts) deliver(part, handlers, place);
    }
  } finally {
    clearTimeout(timer);
    life.signal.removeEventListener("abort", stop);
  }
}

function deliver(part, handlers, place) {
  const data = [];
  for (const line of part.split("\n")) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === "id") place.last = value;
    if (field === "data") data.push(value);
  }
  if (data.length) handlers.event(JSON.parse(data.join("\n")));
}
