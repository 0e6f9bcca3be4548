/** A comment, so that a client gets the headers of its stream before there is anything to tell. */
export const OPENING = ":\n\n";
