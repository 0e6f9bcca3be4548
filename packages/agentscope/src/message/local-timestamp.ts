/** The local time of `date` as Python's AgentScope writes it: `YYYY-MM-DD HH:MM:SS.mmm`, without a zone. */
export function localTimestamp(date: Date = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  // Joined, which makes it one string: a template keeps the strings it is made of.
  return [day, " ", time, ".", String(date.getMilliseconds()).padStart(3, "0")].join("");
}
