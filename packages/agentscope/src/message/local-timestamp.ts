/** The local time of `date` as Python's AgentScope writes it: `YYYY-MM-DD HH:MM:SS.mmm`, without a zone. */
export function localTimestamp(date: Date = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
