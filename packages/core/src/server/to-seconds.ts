/** Unix seconds, as times are over HTTP. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

export function toSecondsOrNull(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : toSeconds(milliseconds);
}
