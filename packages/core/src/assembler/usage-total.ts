import type { Usage } from "@agentscope-runtime/agent-api";

/** The sum of two usages: numbers add up, objects merge, anything else is taken from the later one. */
export function addUsage(total: Usage | null, usage: Usage): Usage {
  const sum: Usage = { ...total };
  for (const [key, value] of Object.entries(usage)) {
    const before = Object.hasOwn(sum, key) ? sum[key] : undefined;
    if (typeof value === "number" && typeof before === "number") sum[key] = before + value;
    else if (isObject(value) && isObject(before)) sum[key] = addUsage(before, value);
    else if (value !== undefined && key !== "__proto__") sum[key] = value;
  }
  return sum;
}

function isObject(value: unknown): value is Usage {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
