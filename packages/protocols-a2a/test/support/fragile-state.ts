import { InMemoryStateService, type StateService } from "@agentscope-runtime/core";

export interface FragileState {
  readonly state: StateService;
  /** What happens before each call. Defaults to nothing. */
  before: (method: keyof StateService) => Promise<void>;
}

/** A state service that fails or hangs when a test wants that. */
export function fragileState(): FragileState {
  const whole = new InMemoryStateService();
  const fragile: FragileState = {
    before: async () => undefined,
    state: {
      start: () => whole.start(),
      stop: () => whole.stop(),
      health: () => whole.health(),
      saveState: async (...call) => {
        await fragile.before("saveState");
        return whole.saveState(...call);
      },
      exportState: async (...call) => {
        await fragile.before("exportState");
        return whole.exportState(...call);
      },
      deleteState: async (...call) => {
        await fragile.before("deleteState");
        return whole.deleteState(...call);
      },
    },
  };
  return fragile;
}
