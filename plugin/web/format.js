// Numbers as people read them.

/** 83.417 -> "1:23.417". */
export function timecode(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  const millis = Math.floor((seconds + 1e-6 - whole) * 1000);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${parts.join(":")}.${String(millis).padStart(3, "0")}`;
}

/** 95 -> "1 min 35 s". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

export function megabytes(bytes) {
  return bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${Math.round(bytes / 1e6)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "24000/1001" -> "23.976". */
export function rate(text) {
  const [over, under = 1] = text.split("/").map(Number);
  return String(Number((over / under).toFixed(3)));
}

/** Seconds since 1970 -> "today 14:05" or "12 Nov". */
export function when(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  return today
    ? `today ${date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`
    : date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
}

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
