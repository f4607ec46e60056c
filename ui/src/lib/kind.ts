// The states a thing can be in, each with its shape, colour and word (tokens.css).
export type Kind = "normal" | "warning" | "alarm" | "doubt" | "off";
