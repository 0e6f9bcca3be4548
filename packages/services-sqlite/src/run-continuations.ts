/** Which run continues which other one, by the JSON text of its id. */
export const RUN_CONTINUATIONS = `
  ALTER TABLE runs ADD COLUMN continues TEXT;
  -- As it is written there, so that ids of any characters stay what they are. An empty id marks what is no answer.
  UPDATE runs SET continues = (
    SELECT nullif(request -> '$.continues', '""') FROM run_requests WHERE run = number
  );
  CREATE INDEX runs_by_continues ON runs (continues) WHERE continues IS NOT NULL;
`;
