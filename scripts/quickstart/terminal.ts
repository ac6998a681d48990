/** What `scripts/terminal.mjs` makes; it is plain JavaScript because it runs before anything is installed. */
export interface Terminal {
  print(text?: string): void;
  bold(text: string): string;
  dim(text: string): string;
  title(text: string): void;
  /** A finished thing of no duration. */
  line(label: string, text: string): void;
  failure(text: string): void;
  warning(text: string): void;
  /** Runs `work` as a step of that name; it returns the text of the finished line and may say what it is at meanwhile. */
  step(label: string, work: (say: (detail: string) => void) => Promise<string>): Promise<void>;
}
